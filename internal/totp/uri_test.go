package totp_test

import (
	"net/url"
	"strings"
	"testing"

	"cognito-enroll/internal/totp"
)

const key52 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSW"

func TestURI(t *testing.T) {
	for _, test := range []struct{ issuer, account, want string }{
		{"Northwind", "ada@northwind.example", "otpauth://totp/Northwind:ada%40northwind.example?secret=" + key52 + "&issuer=Northwind"},
		// "&" cut the query and "#" lost the secret in other portals.
		{"R&D #1", "a+b=c", "otpauth://totp/R%26D%20%231:a%2Bb%3Dc?secret=" + key52 + "&issuer=R%26D%20%231"},
		{"", "ada", "otpauth://totp/ada?secret=" + key52},
		{"A:B", "x:y", "otpauth://totp/A%E2%88%B6B:x%E2%88%B6y?secret=" + key52 + "&issuer=A%E2%88%B6B"},
		// What cannot be seen, or turns what can, makes one account look like another; an accent is one letter, however typed.
		{"\u202eNorth\u200bwind\u2066", "\ufeffa\u200fd\x00a\u2069", "otpauth://totp/Northwind:ada?secret=" + key52 + "&issuer=Northwind"},
		{"North\r\n wind", "e\u0301", "otpauth://totp/North%20wind:%C3%A9?secret=" + key52 + "&issuer=North%20wind"},
	} {
		if got := totp.URI(test.issuer, test.account, key52); got != test.want {
			t.Errorf("URI(%q, %q)\n got %s\nwant %s", test.issuer, test.account, got, test.want)
		}
	}
	if got := totp.URI("I", "a", "mfrg g==="); !strings.Contains(got, "?secret=MFRGG&") {
		t.Errorf("URI = %s, want the key upper case, without spaces and padding", got)
	}
}

// What is longer than any name that a pool has still fits a QR code, and is told from its like.
func TestOverlongNamesAreShortenedInTheMiddle(t *testing.T) {
	for _, test := range []struct{ what, issuer, account, wantIssuer, wantAccount string }{
		{"any account beside the longest issuer", strings.Repeat("i", totp.MaxIssuer), strings.Repeat("🦦", 128), strings.Repeat("i", totp.MaxIssuer), strings.Repeat("🦦", 128)},
		{"a long Arabic issuer", strings.Repeat("ا", 59), strings.Repeat("ب", 128), strings.Repeat("ا", 59), strings.Repeat("ب", 128)},
		{"an issuer that is too long", strings.Repeat("ا", 64) + strings.Repeat("ي", 64), strings.Repeat("ب", 128), strings.Repeat("ا", 29) + "…" + strings.Repeat("ي", 28), strings.Repeat("ب", 128)},
		{"an account that grows when composed", "i", strings.Repeat("\U0001D160", 128), "i", ""},
	} {
		issuer, account := totp.Labels(test.issuer, test.account)
		if issuer != test.wantIssuer || test.wantAccount != "" && account != test.wantAccount {
			t.Errorf("%s: Labels = %q, %q; want %q, %q", test.what, issuer, account, test.wantIssuer, test.wantAccount)
		}
		uri := totp.URI(test.issuer, test.account, key52)
		if len(uri) > 2331 {
			t.Errorf("%s: the URI has %d bytes, a QR code holds 2331", test.what, len(uri))
		}
		if again := totp.URI(issuer, account, key52); again != uri {
			t.Errorf("%s: shortened twice it is another one:\n%s\n%s", test.what, uri, again)
		}
	}
	if err := totp.CheckIssuer(strings.Repeat("ا", 60)); err == nil {
		t.Error("an issuer of 60 Arabic letters is not refused")
	}
	if err := totp.CheckIssuer(strings.Repeat("ا", 59)); err != nil {
		t.Errorf("an issuer of 59 Arabic letters is refused: %v", err)
	}
}

// FuzzURI reads the URI as an app would: exactly one secret, one issuer, and the label's two halves unharmed.
func FuzzURI(f *testing.F) {
	for _, seed := range [][2]string{
		{"Northwind", "ada@northwind.example"},
		{"R&D #1", "a+b c%20d"},
		{"a:b", "c:d"},
		{"שלום", "محمد"},
		{"🦦", "e\u0301"},
		{"\u202eevil", "zero\u200bwidth"},
		{"\x00\n", "\xff\xfe"},
		{"/?#[]@!$&'()*+,;=", "%"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, issuer, account string) {
		uri := totp.URI(issuer, account, key52)
		if strings.ContainsAny(uri, "+ \n") {
			t.Fatalf("%s holds a character that apps misread", uri)
		}
		parsed, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		query := parsed.Query()
		if len(query["secret"]) != 1 || query.Get("secret") != key52 {
			t.Fatalf("%s: secret = %q", uri, query["secret"])
		}
		gotIssuer, gotAccount := "", strings.TrimPrefix(parsed.Path, "/")
		if query.Has("issuer") {
			var found bool
			if gotIssuer, gotAccount, found = strings.Cut(gotAccount, ":"); !found {
				t.Fatalf("%s: no issuer in the label", uri)
			}
		}
		wantIssuer, wantAccount := totp.Labels(issuer, account)
		if gotIssuer != wantIssuer || query.Get("issuer") != gotIssuer || gotAccount != wantAccount {
			t.Fatalf("%s: parsed issuer %q and account %q from %q and %q", uri, gotIssuer, gotAccount, issuer, account)
		}
		if again := totp.Label(totp.Label(issuer)); again != totp.Label(issuer) {
			t.Fatalf("Label is not stable: %q, then %q", totp.Label(issuer), again)
		}
	})
}
