package dynamo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/pkg/store"
)

// encodeDoc returns a document's members as native attributes.
func encodeDoc(doc []byte) (types.AttributeValue, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return encodeValue(object), nil
}

func encodeValue(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case json.Number:
		return &types.AttributeValueMemberN{Value: string(v)}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case map[string]any:
		members := attributes{}
		for name, member := range v {
			members[name] = encodeValue(member)
		}
		return &types.AttributeValueMemberM{Value: members}
	case []any:
		elements := make([]types.AttributeValue, len(v))
		for i, element := range v {
			elements[i] = encodeValue(element)
		}
		return &types.AttributeValueMemberL{Value: elements}
	}
	return &types.AttributeValueMemberNULL{Value: true} // the only other value of JSON
}

// decodeDoc reverses encodeDoc, to the same bytes. Another program may have written a value that no
// document of ours has, such as a set or a fraction. Such a value becomes a string, so that only its
// member is unreadable.
func decodeDoc(v types.AttributeValue) ([]byte, error) {
	doc, err := json.Marshal(decodeValue(v))
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return store.Canonical(doc)
}

func decodeValue(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		if !wholeNumber.MatchString(v.Value) {
			return v.Value
		}
		return json.Number(v.Value)
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberNULL:
		return nil
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, member := range v.Value {
			members[name] = decodeValue(member)
		}
		return members
	case *types.AttributeValueMemberL:
		elements := make([]any, len(v.Value))
		for i, element := range v.Value {
			elements[i] = decodeValue(element)
		}
		return elements
	}
	return fmt.Sprintf("%T", v)
}

// wholeNumber is a number that documents may have.
var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,14})$`)
