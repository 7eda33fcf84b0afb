package bill

// PricesAsOf is when the prices were last looked up: list prices of us-east-1, on demand.
const PricesAsOf = "November 2026"

// Price is what one of something costs, in dollars.
type Price struct {
	Dollars float64
	Of      string
	Source  string // the page that lists it
}

// Prices are those of all that is used.
var (
	apiRequest    = Price{1.00 / 1e6, "request to an HTTP API, up to 512 KB", "https://aws.amazon.com/api-gateway/pricing/"}
	invocation    = Price{0.20 / 1e6, "invocation of a function", lambdaPricing}
	gigabyteTime  = Price{0.0000133334, "GB-second of a function on arm64", lambdaPricing}
	writeUnit     = Price{0.625 / 1e6, "write request unit, on demand", dynamoPricing}
	readUnit      = Price{0.125 / 1e6, "read request unit, on demand", dynamoPricing}
	tableStorage  = Price{0.25, "GB-month of a table", dynamoPricing}
	tableBackup   = Price{0.20, "GB-month of point-in-time recovery", dynamoPricing}
	bucketPut     = Price{0.005 / 1e3, "PUT, COPY, POST or LIST request to S3 Standard", s3Pricing}
	bucketGet     = Price{0.0004 / 1e3, "GET or any other request to S3 Standard", s3Pricing}
	bucketStorage = Price{0.023, "GB-month in S3 Standard", s3Pricing}
	streamed      = Price{0.029, "GB of records put into delivery streams, each rounded up to 5 KB", "https://aws.amazon.com/firehose/pricing/"}
	queueRequest  = Price{0.40 / 1e6, "request to a standard queue", "https://aws.amazon.com/sqs/pricing/"}
	secret        = Price{0.40, "month of a secret", secretsPricing}
	secretRequest = Price{0.05 / 1e4, "request for a secret", secretsPricing}
	logged        = Price{0.50, "GB taken into CloudWatch Logs", watchPricing}
	metricMonth   = Price{0.30, "month of a custom metric", watchPricing}
	alarmMonth    = Price{0.10, "month of an alarm on one metric", watchPricing}
	dashboard     = Price{3.00, "month of a dashboard", watchPricing}
)

const (
	lambdaPricing  = "https://aws.amazon.com/lambda/pricing/"
	dynamoPricing  = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
	s3Pricing      = "https://aws.amazon.com/s3/pricing/"
	secretsPricing = "https://aws.amazon.com/secrets-manager/pricing/"
	watchPricing   = "https://aws.amazon.com/cloudwatch/pricing/"
)

// gigabyte is AWS's: 2^30 bytes.
const gigabyte = 1 << 30
