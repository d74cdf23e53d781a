package userpool

import (
	"context"
	"crypto/sha256"
	"math/big"
	"net/http"
)

// SRPExchange runs the server's side of SRP on given values and answers every intermediate one.
func SRPExchange(pool, user, password, saltHex string, a, b *big.Int, block []byte, timestamp string) map[string]string {
	salt, _ := new(big.Int).SetString(saltHex, 16)
	inner := sha256.Sum256([]byte(pool + user + ":" + password))
	verifier := srpVerifier(salt.Bytes(), inner)
	public := new(big.Int).Exp(srpGenerator, a, srpPrime)
	s := newSRP(salt.Bytes(), verifier, public, b.Bytes())
	key := s.key()
	return map[string]string{
		"k": srpMultiplier.Text(16), "x": srpHash(srpPad(salt), inner[:]).Text(16),
		"u": srpHash(srpPad(public), srpPad(s.public)).Text(16), "A": public.Text(16), "B": s.public.Text(16),
		"key": new(big.Int).SetBytes(key).Text(16), "sig": srpSignature(key, pool, user, block, timestamp),
	}
}

// SRPClient is the client's side of SRP, for tests that sign in with it.
type SRPClient struct{ a, public *big.Int }

// NewSRPClient begins with a secret.
func NewSRPClient(secret *big.Int) SRPClient {
	return SRPClient{secret, new(big.Int).Exp(srpGenerator, secret, srpPrime)}
}

// A is SRP_A.
func (c SRPClient) A() string { return c.public.Text(16) }

// Sign answers PASSWORD_CLAIM_SIGNATURE: S = (B - k·g^x)^(a + u·x).
func (c SRPClient) Sign(pool, user, password, saltHex, bHex string, block []byte, timestamp string) string {
	salt, _ := new(big.Int).SetString(saltHex, 16)
	b, _ := new(big.Int).SetString(bHex, 16)
	inner := sha256.Sum256([]byte(pool + user + ":" + password))
	x := srpHash(srpPad(salt), inner[:])
	u := srpHash(srpPad(c.public), srpPad(b))
	base := new(big.Int).Exp(srpGenerator, x, srpPrime)
	base.Mul(base, srpMultiplier).Sub(b, base).Mod(base, srpPrime)
	shared := new(big.Int).Exp(base, new(big.Int).Add(c.a, new(big.Int).Mul(u, x)), srpPrime)
	return srpSignature(srpDerive(shared, u), pool, user, block, timestamp)
}

// SRPVerifier is g^x for a device's salt and password.
func SRPVerifier(salt []byte, group, device, password string) []byte {
	return srpVerifier(salt, sha256.Sum256([]byte(group+device+":"+password))).Bytes()
}

// ValidTimestamp is validTimestamp.
func ValidTimestamp(text string) bool { return validTimestamp(text) }

// Operations lists the operations that are served, and whether each is signed.
func Operations() map[string]bool {
	all := map[string]bool{}
	for name, op := range operations {
		all[name] = op.signed
	}
	return all
}

// ModelMember is one member of an operation's input as model.txt has it.
type ModelMember struct {
	Name, Shape string
	Required    bool
	Values      []string // of an enum
	Members     []ModelMember
}

// ModelInputs are the inputs in model.txt.
func ModelInputs() map[string][]ModelMember {
	m, err := loadModel()
	if err != nil {
		panic(err)
	}
	var describe func(members []member) []ModelMember
	describe = func(members []member) []ModelMember {
		all := make([]ModelMember, 0, len(members))
		for _, x := range members {
			s := m.shapes[x.shape]
			all = append(all, ModelMember{x.name, x.shape, x.required, s.values, describe(s.members)})
		}
		return all
	}
	all := map[string][]ModelMember{}
	for name, input := range m.inputs {
		all[name] = describe(input.members)
	}
	return all
}

// CallUnsigned runs an operation as if its signature had been right.
func CallUnsigned(p *Pool, name string, body []byte) (int, string) {
	op := operations[name]
	op.signed = false
	c := p.begin(name)
	output, err := p.answer(context.Background(), c, op, &http.Request{Header: http.Header{}}, body)
	recorder := &recorder{header: http.Header{}, status: http.StatusOK}
	p.write(recorder, nil, c.now, output, err)
	return recorder.status, recorder.body.String()
}
