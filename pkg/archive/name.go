package archive

import (
	"fmt"
	"strings"
)

// CheckName tells what is wrong with a name that no Bucket may take.
func CheckName(name string) error {
	if len(name) < 1 || len(name) > 512 {
		return fmt.Errorf("object %.40q: a name is 1 to 512 bytes", name)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.Trim(segment, nameLetters) != "" {
			return fmt.Errorf("object %.40q: a name is segments of letters, digits and =._-", name)
		}
	}
	return nil
}

const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=._-"
