// The rules that the template keeps, in a module of their own: they run for longer than unit
// tests should, and hold files that a cache of test results does not know of.
module trunkline/infra/policy

go 1.26.0

require (
	go.yaml.in/yaml/v3 v3.0.6
	trunkline v0.0.0-00010101000000-000000000000
)

require (
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace trunkline => ../..
