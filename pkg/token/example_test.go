package token_test

import (
	"fmt"

	"trunkline/pkg/pbx"
	"trunkline/pkg/token"
)

// The fleet's key signs the token in a PBX's URL. Verifying it needs no store.
func ExampleKeyring() {
	keys, err := token.ParseKeys("k1:an-example-secret-of-32-characters-or-more")
	if err != nil {
		fmt.Println(err)
		return
	}
	mac, _ := pbx.ParseMAC("68:69:2e:0b:00:01")
	signed := keys.Sign(mac, 2).Reveal()
	fmt.Printf("https://pbx.example.com/v1/pbx/%s/%s\n", mac, signed)

	proof, err := keys.Verify(mac, signed)
	fmt.Println(proof.KID, proof.Generation, err)

	other, _ := pbx.ParseMAC("68:69:2e:0b:00:02")
	_, err = keys.Verify(other, signed)
	fmt.Println(err)
	// Output:
	// https://pbx.example.com/v1/pbx/68692e0b0001/k1-2-z5iajhsn7t7ebyxcnidyrtjz4m
	// k1 2 <nil>
	// the token is not valid for this MAC
}

// A token is not printed by accident, so that no log contains it.
func ExampleToken_Reveal() {
	keys, err := token.ParseKeys("k1:an-example-secret-of-32-characters-or-more")
	if err != nil {
		fmt.Println(err)
		return
	}
	signed := keys.Sign("68692e0b0001", 1)
	fmt.Println(signed)
	fmt.Println(signed.Reveal())
	// Output:
	// [redacted]
	// k1-1-j5qkj4pgf2klefh4kkb6feg3mk
}
