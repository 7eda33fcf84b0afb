package dynamo

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/pkg/store"
)

// encodeDoc gives a document's members as native attributes.
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

// decodeDoc is the reverse of encodeDoc: the same bytes.
func decodeDoc(v types.AttributeValue) ([]byte, error) {
	object, err := decodeValue(v)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return store.Canonical(doc)
}

func decodeValue(v types.AttributeValue) (any, error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value, nil
	case *types.AttributeValueMemberN:
		return json.Number(v.Value), nil
	case *types.AttributeValueMemberBOOL:
		return v.Value, nil
	case *types.AttributeValueMemberNULL:
		return nil, nil
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, member := range v.Value {
			var err error
			if members[name], err = decodeValue(member); err != nil {
				return nil, err
			}
		}
		return members, nil
	case *types.AttributeValueMemberL:
		elements := make([]any, len(v.Value))
		for i, element := range v.Value {
			var err error
			if elements[i], err = decodeValue(element); err != nil {
				return nil, err
			}
		}
		return elements, nil
	}
	return nil, fmt.Errorf("document: an attribute of type %T is none of JSON's", v)
}
