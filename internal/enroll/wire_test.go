package enroll_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

const key52 = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSQ"

// jwt is a text of the shape and size of an access token.
func jwt(size int) string {
	part := func(n int) string {
		raw := make([]byte, n)
		_, _ = rand.Read(raw)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	const header, signature = 60, 256
	return part(header) + "." + part((size-(header+signature)*4/3)*3/4) + "." + part(signature)
}

func fullFlow() enroll.Flow {
	at := func(seconds int64) time.Time { return time.Unix(1_800_000_000+seconds, 0) }
	return enroll.Flow{
		Step: enroll.StepScan, Username: strings.Repeat("é", 128),
		Authority: enroll.Authority{
			AccessToken: secret.New(jwt(3000)),
			Session:     enroll.Session{Text: secret.New("AYABe" + strings.Repeat("x", 2043)), UserID: "9f2c6a7e-0000-4000-8000-123456789abc"},
		},
		Until: at(180), HasApp: true, Key: secret.New(key52), KeyMade: at(1),
		Earlier: []secret.Text{secret.New(key52), secret.New("lower-case is no base32")}, DeviceName: "Ada’s phone",
		Verified: true, Unsure: true, Spent: enroll.Spent{Code: secret.New("004217"), At: at(2)},
		DoneAt: at(3), Trying: true, ProvenAt: at(4), Notice: enroll.NoticeRemoved, Method: enroll.MethodEmail,
		Methods: []enroll.Method{enroll.MethodApp, enroll.MethodEmail}, Destination: "a***@e***", Attributes: []string{"name", "custom:team"},
		SignedInAt: at(5), Looked: true, Prefers: true, ID: enroll.ID{1, 2, 3, 15: 16}, ReturnTo: "hr", Elsewhere: true,
		ByApp: true, Began: at(6), Account: "9f2c6a7e", Held: "1234567.00112233445566778899aabbccddeeff", Word: enroll.Word{Text: secret.New("K7M2QX"), Made: at(7)},
		Grant: enroll.ID{4, 15: 5}, Touched: at(8),
	}
}

func TestTheWireGivesTheSameFlowBack(t *testing.T) {
	for name, f := range map[string]enroll.Flow{"zero": {}, "full": fullFlow()} {
		data, err := f.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var got enroll.Flow
		if err := got.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, f) {
			t.Errorf("%s: got %+v, want %+v", name, got, f)
		}
	}
}

// A node of the next version may have added fields; one of this version must hand them on.
func TestFieldsOfANewerVersionAreKept(t *testing.T) {
	const flags = 7
	field := []byte{99, 3, 'n', 'e', 'w'}
	var f enroll.Flow
	if err := f.UnmarshalBinary(append([]byte{flags, 3, 0x80, 0x80, 0x04}, field...)); err != nil { // bit 16 alone
		t.Fatal(err)
	}
	f.Username, f.HasApp = "ada", true // which is bit 0
	data, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range [][]byte{field, {flags, 3, 0x81, 0x80, 0x04}} {
		if !bytes.Contains(data, kept) {
			t.Errorf("wire %q has lost %q", data, kept)
		}
	}
}

// yesPool says yes to whatever a step asks it.
type yesPool struct {
	enroll.Pool

	answer enroll.Answer
}

func (p yesPool) SignIn(context.Context, string, secret.Text) (enroll.Answer, error) {
	return p.answer, nil
}

func (p yesPool) AnswerCode(context.Context, enroll.Session, enroll.Method, secret.Text) (enroll.Answer, error) {
	return p.answer, nil
}

func (yesPool) Account(context.Context, secret.Text) (enroll.Account, error) {
	return enroll.Account{}, nil
}

func (yesPool) Prefer(context.Context, secret.Text, enroll.Method) error { return nil }

func (yesPool) ForgotPassword(context.Context, string) error { return nil }

func (yesPool) ResetPassword(context.Context, string, secret.Text, secret.Text) error { return nil }

func (yesPool) ConfirmSignUp(context.Context, string, secret.Text) error { return nil }

// otherDesk says that every link is for somebody else.
type otherDesk struct{ enroll.Desk }

func (otherDesk) MayStart(context.Context, enroll.Attempt) error {
	return &enroll.Error{Kind: enroll.LinkForOther}
}

// Steps that make another flow of the one at hand hand on all the same what a newer version wrote.
func TestStepsKeepWhatANewerVersionWrote(t *testing.T) {
	field, flag := []byte{99, 3, 'n', 'e', 'w'}, []byte{7, 3, 0x80, 0x80, 0x04} // bit 16 alone
	password := secret.New("Correct-Horse-9")
	now := time.Unix(1_800_000_000, 0)
	in := enroll.Answer{AccessToken: secret.New("token"), Username: "sub-ada", SignedInAt: now, Until: now.Add(time.Hour)}
	opts := enroll.Options{Pool: yesPool{answer: in}, Now: func() time.Time { return now }}
	s := enroll.New(opts)
	opts.Desk = otherDesk{}
	linked := enroll.New(opts)
	for name, step := range map[string]func(ctx context.Context, f enroll.Flow) (enroll.Flow, error){
		"sign in": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.SignIn(ctx, f, "ada", password)
		},
		"sign in as somebody else": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.SignIn(ctx, f, "bob", password)
		},
		"sign in to try": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.SignIn(ctx, s.Try(f), "ada", password)
		},
		"from Cognito's pages": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.EnterFromPages(ctx, f, "hr", in)
		},
		"finish": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			f.Step, f.Verified, f.Authority.AccessToken = enroll.StepFinish, true, in.AccessToken
			return s.Finish(ctx, f)
		},
		"prove": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			f.Step, f.Trying = enroll.StepCode, true
			return s.AnswerCode(ctx, f, "123456")
		},
		"forgot password": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) { return s.ForgotPassword(ctx, f, "ada") },
		"reset password": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.ResetPassword(ctx, f, "123456", password, password)
		},
		"confirm": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.ConfirmSignUp(ctx, f, "ada", "123456")
		},
		"hold link": func(_ context.Context, f enroll.Flow) (enroll.Flow, error) {
			return s.HoldLink(f, "1.00ff", "ada"), nil
		},
		"link for somebody else": func(ctx context.Context, f enroll.Flow) (enroll.Flow, error) {
			next, err := linked.Start(ctx, f)
			if enroll.KindOf(err) == enroll.LinkForOther {
				err = nil
			}
			return next, err
		},
	} {
		data, err := enroll.Flow{Username: "ada"}.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var f enroll.Flow
		if err := f.UnmarshalBinary(slices.Concat(data, flag, field)); err != nil {
			t.Fatal(err)
		}
		next, err := step(t.Context(), f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		next.HasApp, next.ByApp, next.Elsewhere, next.Trying = false, false, false, false // which leaves the new flag alone
		if data, err = next.MarshalBinary(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, field) || !bytes.Contains(data, flag) {
			t.Errorf("%s: wire %q has lost %q or %q", name, data, field, flag)
		}
	}
}

// firstFlow is what firstWire means: every field that there was when it was written.
func firstFlow() enroll.Flow {
	at := func(seconds int64) time.Time { return time.Unix(1_800_000_000+seconds, 0) }
	return enroll.Flow{
		ID: enroll.ID{1, 15: 2}, Began: at(1), Touched: at(2), Step: enroll.StepScan, Username: "ada", Account: "9f2c6a7e",
		Authority: enroll.Authority{AccessToken: secret.New("AAEC.AwQF.BgcI"), Session: enroll.Session{Text: secret.New("AYABe"), UserID: "9f2c"}},
		Until:     at(3), Grant: enroll.ID{3, 15: 4}, Notice: enroll.NoticeRemoved, ReturnTo: "hr", Held: "1.00ff", Elsewhere: true,
		Word: enroll.Word{Text: secret.New("K7M2QX"), Made: at(4)}, Method: enroll.MethodEmail,
		Methods: []enroll.Method{enroll.MethodApp, enroll.MethodEmail}, Destination: "a***@e***", Attributes: []string{"name"}, SignedInAt: at(5),
		Looked: true, Prefers: true, HasApp: true, ByApp: true, Key: secret.New(key52), KeyMade: at(6),
		Earlier: []secret.Text{secret.New("lower-case is no base32")}, DeviceName: "Ada’s phone", Verified: true, Unsure: true,
		Spent: enroll.Spent{Code: secret.New("004217"), At: at(7)}, DoneAt: at(8), Trying: true, ProvenAt: at(9),
	}
}

// firstWire is never written anew: nodes of the version that wrote it may run beside this one. What fields mean that were
// added since is held by another text like it.
const firstWire = "" +
	"AQEEAgNhZGEDDXQDAAECAwMEBQMGBwgEBnBBWUFCZQUEOWYyYwYFhsjOtA0HAv8BCCFrSGVsbG8h3q2+70hlbGxvId6tvu9IZWxsbyHerb7vSGUJ" +
	"BYzIzrQNChhwbG93ZXItY2FzZSBpcyBubyBiYXNlMzILDUFkYeKAmXMgcGhvbmUMB3AwMDQyMTcNBY7IzrQNDgWQyM60DQ8FksjOtA0QAQURAQIS" +
	"AQASAQITCWEqKipAZSoqKhQEbmFtZRUFisjOtA0WEAEAAAAAAAAAAAAAAAAAAAIXAmhyGAWCyM60DRkIOWYyYzZhN2UaEAMAAAAAAAAAAAAAAAAA" +
	"AAQbB3BLN00yUVgcBYjIzrQNHQYxLjAwZmYeBYTIzrQN"

func TestTheWireNeverChangesItsMeaning(t *testing.T) {
	data, err := base64.StdEncoding.DecodeString(firstWire)
	if err != nil {
		t.Fatal(err)
	}
	var got enroll.Flow
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if want := firstFlow(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if again, err := got.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("an older version reads %x, %v; want %x", again, err, data)
	}
}

// In firstWire all flags are set, and few of the numbers are there.
func TestAFlagAndANumberNeverChangeTheirMeaning(t *testing.T) {
	same := func(wire []byte, want enroll.Flow) {
		var got enroll.Flow
		if err := got.UnmarshalBinary(wire); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, %v; want %+v", wire, got, err, want)
		}
		if again, err := want.MarshalBinary(); err != nil || !bytes.Equal(again, wire) {
			t.Errorf("an older version reads %v, %v; want %v", again, err, wire)
		}
	}
	for _, flag := range []struct {
		wire []byte
		want enroll.Flow
	}{
		{[]byte{7, 1, 1}, enroll.Flow{HasApp: true}},
		{[]byte{7, 1, 2}, enroll.Flow{Verified: true}},
		{[]byte{7, 1, 4}, enroll.Flow{Trying: true}},
		{[]byte{7, 1, 8}, enroll.Flow{Unsure: true}},
		{[]byte{7, 1, 16}, enroll.Flow{Looked: true}},
		{[]byte{7, 1, 32}, enroll.Flow{Prefers: true}},
		{[]byte{7, 1, 64}, enroll.Flow{Elsewhere: true}},
		{[]byte{7, 2, 0x80, 1}, enroll.Flow{ByApp: true}},
	} {
		same(flag.wire, flag.want)
	}

	const step, notice, method, methods = 1, 16, 17, 18
	steps := []enroll.Step{
		0: enroll.StepSignIn, 1: enroll.StepNewPassword, 2: enroll.StepCode, 3: enroll.StepReview, 4: enroll.StepScan,
		5: enroll.StepFinish, 6: enroll.StepDone, 7: enroll.StepChoose, 8: enroll.StepReset,
	}
	notices := []enroll.Notice{
		0: enroll.NoNotice, 1: enroll.NoticeFresh, 2: enroll.NoticePasswordSet, 3: enroll.NoticeConfirmed, 4: enroll.NoticeSignedOut,
		5: enroll.NoticeRemoved, 6: enroll.NoticePreferred, 7: enroll.NoticeEnded, 8: enroll.NoticeReplace, 9: enroll.NoticeArrived,
		10: enroll.NoticeMoved, 11: enroll.NoticeLink, 12: enroll.NoticePasswordUnsure, 13: enroll.NoticeSentAgain,
	}
	numbered := []enroll.Method{0: enroll.MethodApp, 1: enroll.MethodSMS, 2: enroll.MethodEmail}
	wire := func(tag, n int) []byte {
		if n == 0 {
			return nil // left out
		}
		return []byte{byte(tag), 1, byte(n)}
	}
	for n, want := range steps {
		same(wire(step, n), enroll.Flow{Step: want})
	}
	for n, want := range notices {
		same(wire(notice, n), enroll.Flow{Notice: want})
	}
	for n, want := range numbered {
		same(wire(method, n), enroll.Flow{Method: want})
		same([]byte{methods, 1, byte(n)}, enroll.Flow{Methods: []enroll.Method{want}})
	}
	for tag, end := range map[int]int{step: len(steps), notice: len(notices), method: len(numbered), methods: len(numbered)} {
		if err := new(enroll.Flow).UnmarshalBinary(wire(tag, end)); err == nil {
			t.Errorf("field %d may be %d, which is not written here", tag, end)
		}
	}
}

func TestTokensTakeLittleMoreThanTheirBytes(t *testing.T) {
	f := enroll.Flow{Step: enroll.StepReview, Username: "ada", Authority: enroll.Authority{AccessToken: secret.New(jwt(3000))}}
	data, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 2300 { // 3,000 characters of base64url are 2,250 bytes
		t.Errorf("%d bytes for a 3,000-character token, want at most 2,300", len(data))
	}
}

func FuzzFlow(f *testing.F) {
	seed, err := fullFlow().MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{1, 1, 9})
	f.Add([]byte{3, 2, 't', 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second enroll.Flow
		if first.UnmarshalBinary(data) != nil {
			return
		}
		wire, err := first.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.UnmarshalBinary(wire); err != nil {
			t.Fatalf("cannot read back what was written: %v", err)
		}
		if got, want := fmt.Sprint(second.Step, second.Username, second.Until), fmt.Sprint(first.Step, first.Username, first.Until); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}
