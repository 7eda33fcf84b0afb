package zycoo

import (
	"testing"

	"trunkline/testdata"
)

func BenchmarkDecodeCallRecord(b *testing.B) {
	body, err := testdata.FS.ReadFile("vendor/cc_cdr.txt")
	if err != nil {
		b.Fatal(err)
	}
	text, _ := strict(body)
	for name, body := range map[string][]byte{"as received": body, "strict JSON": text} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
