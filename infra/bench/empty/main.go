// Empty is a function that does nothing: what Lambda's Go runtime costs without us.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() {
	lambda.Start(func() error { return nil })
}
