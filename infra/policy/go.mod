// The rules that the template keeps, in a module of their own: a reader of YAML is not in
// the product's module graph.
module trunkline/infra/policy

go 1.26.0

require (
	go.yaml.in/yaml/v3 v3.0.6
	trunkline v0.0.0-00010101000000-000000000000
)

require golang.org/x/text v0.43.0 // indirect

replace trunkline => ../..
