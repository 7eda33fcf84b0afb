package main

import (
	"errors"
	"net"
	"strings"
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
		return wrong("have its owner allow this identity "+action+" on it", "%s denies %s", what, action)
	case code == "MovedPermanently" || code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed":
		return wrong("set AWS_REGION to the stack's region", "%s is in another region", what)
	case strings.HasPrefix(code, "NoSuch") || strings.Contains(code, "NotFound") || code == "ValidationError":
		return wrong("give the name that the stack's outputs tell, and the stack's region", "%s is not there (%s)", what, code)
	case badCredentials[code]:
		return wrong("log in anew, such as with `aws sso login`, or look at AWS_PROFILE", "AWS does not take these credentials (%s)", code)
	case code == "" && isNetwork(err):
		return wrong("look at the network, at proxies, and at AWS_ENDPOINT_URL", "no answer from AWS: %v", err)
	case code == "":
		return wrong("look at AWS_PROFILE and the credentials, or log in anew with `aws sso login`", "%v", err)
	}
	return wrong("try again in a minute, and look at the AWS Health Dashboard", "%s: %v", action, err)
}

func isNetwork(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok
}

var badCredentials = map[string]bool{
	"ExpiredToken": true, "ExpiredTokenException": true, "InvalidClientTokenId": true, "UnrecognizedClientException": true,
	"InvalidAccessKeyId": true, "SignatureDoesNotMatch": true, "IncompleteSignature": true, "InvalidSignatureException": true,
}
