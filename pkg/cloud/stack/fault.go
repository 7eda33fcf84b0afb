package stack

import (
	"errors"
	"net"
	"strings"

	"trunkline/pkg/doctor"
)

// ErrorCode returns AWS's code for an error, or an empty string if AWS did not answer.
func ErrorCode(err error) string {
	if answer, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		return answer.ErrorCode()
	}
	return ""
}

// IsDenied reports whether AWS refuses an error's action to this identity.
func IsDenied(err error) bool {
	switch code := ErrorCode(err); code {
	case "Forbidden", "UnauthorizedOperation", "AuthorizationError":
		return true
	default:
		return strings.HasPrefix(code, "AccessDenied")
	}
}

// Fault turns an error of AWS into a doctor.Fault, which says what to do. action is what was tried, such
// as s3:GetObject, and what is the thing it was tried on, such as "the bucket archive".
func Fault(err error, action, what string) error {
	switch code := ErrorCode(err); {
	case IsDenied(err):
		return doctor.Wrong("have its owner allow this identity "+action+" on it", "%s denies %s", what, action)
	case code == "MovedPermanently" || code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed":
		return doctor.Wrong("set AWS_REGION to the stack's region", "%s is in another region", what)
	case strings.HasPrefix(code, "NoSuch") || strings.Contains(code, "NotFound") || code == "ValidationError":
		return doctor.Wrong("use the name from the stack's outputs, and the stack's region", "%s does not exist (%s)", what, code)
	case badCredentials[code]:
		return doctor.Wrong("log in again, such as with `aws sso login`, or look at AWS_PROFILE", "AWS refuses these credentials (%s)", code)
	case code == "" && isNetwork(err):
		return doctor.Wrong("look at the network, at proxies, and at AWS_ENDPOINT_URL", "no answer from AWS: %v", err)
	case code == "":
		return doctor.Wrong("look at AWS_PROFILE and the credentials, or log in again with `aws sso login`", "%v", err)
	}
	return doctor.Wrong("try again in a minute, and look at the AWS Health Dashboard", "%s: %v", action, err)
}

func isNetwork(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok
}

var badCredentials = map[string]bool{
	"ExpiredToken": true, "ExpiredTokenException": true, "InvalidClientTokenId": true, "UnrecognizedClientException": true,
	"InvalidAccessKeyId": true, "SignatureDoesNotMatch": true, "IncompleteSignature": true, "InvalidSignatureException": true,
}
