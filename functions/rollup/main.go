// Rollup is the Lambda function that computes daily figures. EventBridge Scheduler calls it every
// hour. It enqueues a message for each day that is due, and SQS calls it with those messages.
package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"trunkline/pkg/cloud/worker"
	"trunkline/pkg/config"
	"trunkline/pkg/version"
)

func main() {
	settings, err := config.ReadRollup(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollup:", err)
		os.Exit(1)
	}
	slog.New(slog.NewJSONHandler(os.Stdout, nil)).Info("function begins", "version", version.Text())
	lambda.Start(worker.New(settings, os.Stdout, time.Now).Handle)
}
