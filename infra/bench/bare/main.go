// Bare asks the Runtime API for one event and does nothing else: the shortest possible start of a
// function in Go.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/next")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
	answer.Body.Close()
}
