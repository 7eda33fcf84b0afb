package policy

import (
	"reflect"
	"testing"
)

func TestWhatIsAdoptedIsWhatTheTemplateMakes(t *testing.T) {
	ours, adopted := load(t, "../../template.yaml"), load(t, "../adopt.yaml")
	kept := ours.kept()
	if len(kept) < 3 || len(adopted.resources) != len(kept) {
		t.Errorf("%d resources are kept, and %d are adopted", len(kept), len(adopted.resources))
	}
	for _, want := range kept {
		got, ok := adopted.named(want.name)
		switch {
		case !ok || got.kind != want.kind || get(got.whole, "DeletionPolicy") != "Retain":
			t.Errorf("%s is not adopted", want.name)
		case want.kind == "AWS::S3::Bucket": // what parameters say of it may be said again
		case !reflect.DeepEqual(got.properties, want.properties):
			t.Errorf("%s is adopted as %v, but the template has %v", want.name, got.properties, want.properties)
		}
	}
}

// A change here would have the next deployment make new keys, and no URL in the fleet would
// open any more.
func TestTheFleetKeysAreNeverMadeAgain(t *testing.T) {
	keys, ok := load(t, "../../template.yaml").named("FleetKeys")
	want := map[string]any{
		"SecretStringTemplate": `{"signing":"k1"}`, "GenerateStringKey": "k1", "PasswordLength": 64, "ExcludePunctuation": true,
	}
	if got := keys.get("GenerateSecretString"); !ok || keys.kind != "AWS::SecretsManager::Secret" || !reflect.DeepEqual(got, any(want)) {
		t.Errorf("FleetKeys is %v", keys.whole)
	}
}
