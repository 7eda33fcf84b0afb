package policy

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trunkline/pkg/config"
	"trunkline/pkg/store"
)

// settings are the variables that a function reads, but for those that Lambda sets.
func settings(read func(getenv func(string) string)) []string {
	all := map[string]bool{}
	read(func(name string) string {
		all[name] = !strings.HasPrefix(name, "AWS_") || name == "AWS_ENDPOINT_URL"
		if name == "ARCHIVE" {
			return "firehose" // which asks for more
		}
		return ""
	})
	maps.DeleteFunc(all, func(_ string, ours bool) bool { return !ours })
	return slices.Sorted(maps.Keys(all))
}

func TestFunctionsAreToldWhatTheyRead(t *testing.T) {
	ours := load(t, "../../template.yaml")
	for name, want := range map[string][]string{
		"IngestFunction": settings(func(getenv func(string) string) { config.ReadIngest(getenv) }),
		"RollupFunction": settings(func(getenv func(string) string) { config.ReadRollup(getenv) }),
	} {
		function, _ := ours.named(name)
		told, _ := function.get("Environment", "Variables").(map[string]any)
		if got := sorted(told); !slices.Equal(got, want) || len(want) < 5 {
			t.Errorf("%s is told %v, and reads %v", name, got, want)
		}
	}
}

func TestTheFormTakesTheDaysThatFunctionsTake(t *testing.T) {
	p := load(t, "../../template.yaml").parameters["RecordDays"]
	form := regexp.MustCompile(textOf(get(p, "AllowedPattern")))
	for days := -1; days < 2*store.MostDays; days++ {
		value := strconv.Itoa(days)
		_, err := config.ReadRecordDays(func(string) string { return value })
		if form.MatchString(value) != (err == nil) {
			t.Errorf("%s: the functions say %v, and the form takes it: %t", value, err, err != nil)
		}
	}
	if form.MatchString("") || form.MatchString("035") || form.MatchString("35 ") {
		t.Errorf("%s takes what is no number", form)
	}
}
