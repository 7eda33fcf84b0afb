// Rollup is the function that computes daily figures, set off hourly by EventBridge
// Scheduler, and by the messages that it sends itself for each day that is due.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"trunkline/pkg/cloud/worker"
	"trunkline/pkg/config"
)

func main() {
	settings, err := config.ReadRollup(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollup:", err)
		os.Exit(1)
	}
	lambda.Start(worker.New(settings, os.Stdout, time.Now).Handle)
}
