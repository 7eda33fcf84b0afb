// The benchmarks, in a module of their own: what they measure against is not in the
// product's module graph.
module trunkline/infra/bench

go 1.26.0

require (
	github.com/aws/aws-lambda-go v1.55.1
	github.com/goccy/go-json v0.12.0
	trunkline v0.0.0
)

require (
	github.com/stretchr/testify v1.10.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace trunkline => ../..
