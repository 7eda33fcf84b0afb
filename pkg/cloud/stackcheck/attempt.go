package stackcheck

import (
	"strings"

	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/doctor"
)

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
		case stack.IsDenied(err):
			denied = append(denied, a.action)
		case err != nil:
			return stack.Fault(err, a.action, to)
		}
	}
	if len(denied) > 0 {
		list := strings.Join(denied, ", ")
		return doctor.Wrong("have its owner allow this identity "+list+" on it", "%s denies %s", to, list)
	}
	return nil
}
