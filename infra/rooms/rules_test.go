package rooms

// An arrow says what packages may not import, or not link (import through others).
// Each side is a set of packages: words of which one must match, "-" before those that
// must not. "./" is this repository; "/..." is a package and all below it.
type arrow struct {
	because string
	from    string
	how     reach
	never   string
}

type reach string

const (
	imports reach = "imports"
	links   reach = "links"
)

const (
	sdk        = "github.com/aws/aws-sdk-go-v2/"
	lambdaRoot = "github.com/aws/aws-lambda-go/..."
)

// Packages that know the vocabulary only may also use loops.
var arrows = []arrow{
	{"the vocabulary stands on nothing",
		"./pkg/pbx", imports, "./..."},
	{"the one way to loop stands on nothing",
		"./pkg/each", imports, "./..."},
	{"what remembers values need not know what",
		"./pkg/cache", imports, "./..."},
	{"what tries again need not know what",
		"./pkg/retry", imports, "./..."},
	{"how a call fails depends on no call",
		"./pkg/faulttest", imports, "./..."},
	{"only test suites let calls fail",
		"./... -./pkg/store/storetest -./pkg/archive/archivetest", imports, "./pkg/faulttest"},
	{"names, opening hours and targets stand on nothing",
		"./pkg/naming", imports, "./..."},
	{"the dialect and tokens know the vocabulary only",
		"./pkg/zycoo ./pkg/token", imports, "./... -./pkg/pbx"},
	{"the JSON of events knows the vocabulary only",
		"./pkg/eventjson", imports, "./... -./pkg/pbx"},
	{"the records know the vocabulary only",
		"./pkg/store", imports, "./... -./pkg/pbx -./pkg/eventjson -./pkg/naming -./pkg/each -./pkg/cache -./pkg/retry"},
	{"a table knows the records it keeps, and nothing above them",
		"./pkg/store/... -./pkg/store", imports, "./... -./pkg/pbx -./pkg/each -./pkg/store/... -./pkg/faulttest"},
	{"the archive knows the vocabulary only",
		"./pkg/archive", imports, "./... -./pkg/pbx -./pkg/eventjson -./pkg/each"},
	{"a bucket knows the archive it keeps, and nothing above it",
		"./pkg/archive/... -./pkg/archive", imports, "./... -./pkg/pbx -./pkg/each -./pkg/archive/... -./pkg/faulttest"},
	{"the figures know the vocabulary, and how to sort",
		"./pkg/kpi", imports, "./... -./pkg/pbx -./pkg/extsort"},
	{"whoever sorts need not know what",
		"./pkg/extsort", imports, "./... -./pkg/scratch"},
	{"a temporary file holds anything",
		"./pkg/scratch", imports, "./..."},
	{"the tables of figures know figures, the vocabulary and where they lie",
		"./pkg/curated", imports, "./... -./pkg/archive -./pkg/pbx -./pkg/kpi -./pkg/scratch -./pkg/each"},
	{"the rollup computes what is recorded, however that came in",
		"./pkg/rollup", imports, "./... -./pkg/config -./pkg/pbx -./pkg/each -./pkg/retry -./pkg/kpi -./pkg/curated -./pkg/store -./pkg/archive"},
	{"what is done hourly is the same in the cloud and on one machine",
		"./pkg/maintenance", imports, "./pkg/ingest/... ./pkg/store/... -./pkg/store ./pkg/archive/... -./pkg/archive"},
	{"an erasure knows what is kept, and not who keeps it or computes with it",
		"./pkg/erase", imports, "./... -./pkg/pbx -./pkg/each -./pkg/zycoo -./pkg/store -./pkg/archive"},
	{"a function looks at no stack, and asks nobody who it is",
		"./functions/...", links, sdk + "service/cloudformation/... " + sdk + "service/sts/..."},
	{"only the rollup carries Parquet",
		"./functions/... -./functions/rollup", links, "github.com/parquet-go/..."},
	{"one package speaks to SQS",
		"./... -./pkg/cloud/worker -./infra/...", imports, sdk + "service/sqs/..."},
	{"one package speaks to DynamoDB",
		"./... -./pkg/store/dynamo -./pkg/cloud -./pkg/cloud/stack -./pkg/cloud/stackcheck -./infra/...", imports, sdk + "service/dynamodb/..."},
	{"one package speaks to S3",
		"./... -./pkg/archive/s3 -./pkg/cloud -./pkg/cloud/stack -./pkg/cloud/stackcheck -./infra/...", imports, sdk + "service/s3/..."},
	{"one package speaks to Firehose",
		"./... -./pkg/archive/firehose -./pkg/cloud -./infra/...", imports, sdk + "service/firehose/..."},
	{"a function carries no embedded database",
		"./functions/...", links, "modernc.org/sqlite/..."},
	{"the SDK's config is half of a cold start",
		"./functions/...", links, sdk + "config/..."},
	{"only an operator's program runs on one machine",
		"./... -./pkg/local/... -./infra/...", imports, "./pkg/local/..."},
	{"clients of AWS are made where a program is put together",
		"./... -./functions/... -./infra/... -./pkg/cloud/...", imports, "./pkg/cloud/..."},
	{"packages do not know the programs made of them",
		"./pkg/...", imports, "./functions/... ./infra/..."},
	{"one place knows Lambda",
		"./... -./functions/... -./pkg/cloud", imports, lambdaRoot},
}

// These names do not say what a package knows.
const bannedNames = "util utils common model models helper helpers"

// Packages for tests may read the clock, like programs.
const mayReadClock = "./pkg/store/storetest ./pkg/archive/archivetest ./pkg/ingest/ingesttest ./pkg/cloud/cloudtest"

// These packages return each error where it occurs.
const returnsErrors = "./functions/... ./pkg/... ./infra/pbxctl"

// What may stand at the top, besides names that begin with a dot.
const topLevel = "functions pkg infra events testdata go.mod go.sum " +
	"template.yaml samconfig.toml Makefile README.md LICENSE"
