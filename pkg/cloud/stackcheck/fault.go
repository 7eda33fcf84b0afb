package stackcheck

import (
	"errors"
	"net"
	"strings"

	"trunkline/pkg/doctor"
)

// errorCode is AWS's own name for an error; empty where AWS said nothing.
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

// awsFault says what to do about an error of AWS.
func awsFault(err error, action, what string) error {
	switch code := errorCode(err); {
	case isDenied(err):
		return doctor.Wrong("have its owner allow this identity "+action+" on it", "%s denies %s", what, action)
	case code == "MovedPermanently" || code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed":
		return doctor.Wrong("set AWS_REGION to the stack's region", "%s is in another region", what)
	case strings.HasPrefix(code, "NoSuch") || strings.Contains(code, "NotFound") || code == "ValidationError":
		return doctor.Wrong("give the name that the stack's outputs tell, and the stack's region", "%s is not there (%s)", what, code)
	case badCredentials[code]:
		return doctor.Wrong("log in anew, such as with `aws sso login`, or look at AWS_PROFILE", "AWS does not take these credentials (%s)", code)
	case code == "" && isNetwork(err):
		return doctor.Wrong("look at the network, at proxies, and at AWS_ENDPOINT_URL", "no answer from AWS: %v", err)
	case code == "":
		return doctor.Wrong("look at AWS_PROFILE and the credentials, or log in anew with `aws sso login`", "%v", err)
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

// allowed makes attempts. Its error names those that are denied, or is the first that failed
// for another reason.
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
