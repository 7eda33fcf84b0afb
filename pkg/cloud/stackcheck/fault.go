package stackcheck

import (
	"errors"
	"net"
	"strings"

	"trunkline/pkg/doctor"
)

// errorCode returns AWS's code for an error, or an empty string if AWS did not answer.
func errorCode(err error) string {
	if answer, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		return answer.ErrorCode()
	}
	return ""
}

func isDenied(err error) bool {
	switch code := errorCode(err); code {
	case "Forbidden", "UnauthorizedOperation", "AuthorizationError":
		return true
	default:
		return strings.HasPrefix(code, "AccessDenied")
	}
}

// awsFault turns an error of AWS into a fault that says what to do.
func awsFault(err error, action, what string) error {
	switch code := errorCode(err); {
	case isDenied(err):
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

// attempt is an action that must be allowed.
type attempt struct {
	action string
	try    func() error
}

// allowed makes attempts. Its error names all that are denied, or is the first other failure.
func allowed(to string, attempts ...attempt) error {
	var denied []string
	for _, a := range attempts {
		err := a.try()
		switch {
		case isDenied(err):
			denied = append(denied, a.action)
		case err != nil:
			return awsFault(err, a.action, to)
		}
	}
	if len(denied) > 0 {
		list := strings.Join(denied, ", ")
		return doctor.Wrong("have its owner allow this identity "+list+" on it", "%s denies %s", to, list)
	}
	return nil
}
