// Ingest is the Lambda function that receives the events of PBXs, behind API Gateway.
package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"trunkline/pkg/apigw"
	"trunkline/pkg/cloud"
	"trunkline/pkg/config"
	"trunkline/pkg/version"
)

func main() {
	settings, err := config.ReadIngest(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ingest:", err)
		os.Exit(1)
	}
	slog.New(slog.NewJSONHandler(os.Stdout, nil)).Info("function begins", "version", version.Text())
	lambda.Start(apigw.Handler(cloud.Endpoint(settings, os.Stdout, time.Now)))
}
