package enroll_test

import (
	"testing"
	"time"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/totp"
)

const earlierKey = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ"

func codeOf(t *testing.T, key string, at time.Time) string {
	t.Helper()
	raw, err := totp.Decode(key)
	if err != nil {
		t.Fatal(err)
	}
	return totp.Code(raw, totp.Step(at))
}

func TestTheDoctorsVerdicts(t *testing.T) {
	now := time.Unix(1_800_000_015, 0) // the middle of a step
	scanning := enroll.Flow{
		Step: enroll.StepScan, Key: secret.New(key52), Earlier: []secret.Text{secret.New(earlierKey)},
		Spent: enroll.Spent{Code: secret.New("314159"), At: now.Add(-time.Minute)},
	}
	atSignIn := enroll.Flow{Step: enroll.StepCode, Spent: scanning.Spent}
	lost := scanning // the answer to Verify was lost: the code may be spent
	lost.Spent = enroll.Spent{Code: secret.New(codeOf(t, key52, now)), At: now}
	code := func(offset time.Duration) string { return codeOf(t, key52, now.Add(offset)) }

	for _, test := range []struct {
		what    string
		flow    enroll.Flow
		typed   string
		verdict enroll.Verdict
		off     time.Duration
	}{
		{"the present code", scanning, code(0), enroll.Match, 0},
		{"the code before, still taken", scanning, code(-30 * time.Second), enroll.Match, 0},
		{"the code after, already taken", scanning, code(30 * time.Second), enroll.Match, 0},
		{"with a space", scanning, " " + code(0)[:3] + " " + code(0)[3:] + "\u00a0", enroll.Match, 0},
		{"with a dash", scanning, code(0)[:3] + "-" + code(0)[3:], enroll.Match, 0},
		{"full-width digits", scanning, inScript(code(0), '０'), enroll.Match, 0},
		{"Arabic-Indic digits", scanning, inScript(code(0), '٠'), enroll.Match, 0},
		{"Devanagari digits", scanning, inScript(code(0), '०'), enroll.Match, 0},
		{"mathematical double-struck digits", scanning, inScript(code(0), '𝟘'), enroll.Match, 0},

		{"one minute behind", scanning, code(-time.Minute), enroll.ClockSlow, time.Minute},
		{"four minutes behind", scanning, code(-4 * time.Minute), enroll.ClockSlow, 4 * time.Minute},
		{"four minutes ahead", scanning, code(4 * time.Minute), enroll.ClockFast, 4 * time.Minute},
		{"twenty minutes ahead", scanning, code(20 * time.Minute), enroll.ClockFast, 20 * time.Minute},
		{"summer time set by hand", scanning, code(time.Hour), enroll.ClockFast, time.Hour},
		{"another time zone, and a little slow", scanning, code(-5*time.Hour - 30*time.Minute - time.Minute), enroll.ClockSlow, 5*time.Hour + 31*time.Minute},

		{"entry scanned before time ran out", scanning, codeOf(t, earlierKey, now), enroll.EarlierEntry, 0},
		{"old app, used a minute ago to sign in", scanning, "314159", enroll.EarlierEntry, 0},
		{"right, but perhaps accepted already", lost, code(0), enroll.JustUsed, 0},
		{"the next one after that", lost, code(30 * time.Second), enroll.Match, 0},
		{"of no entry", scanning, "000000", enroll.NoMatch, 0},

		{"five digits", scanning, "12345", enroll.NotSixDigits, 0},
		{"seven digits", scanning, "1234567", enroll.NotSixDigits, 0},
		{"eight digits, as mail codes have", scanning, "12345678", enroll.NotSixDigits, 0},
		{"letters", scanning, "12345a", enroll.NotSixDigits, 0},
		{"the key itself", scanning, key52, enroll.NotSixDigits, 0},
		{"nothing", scanning, "", enroll.NotSixDigits, 0},

		{"at sign-in, the code just used", atSignIn, "314159", enroll.JustUsed, 0},
		{"at sign-in, any other: the pool knows", atSignIn, "000000", enroll.Match, 0},
		{"at sign-in, letters", atSignIn, "abcdef", enroll.NotSixDigits, 0},
	} {
		got := enroll.Diagnose(test.flow, test.typed, now)
		if got.Verdict != test.verdict || got.Off != test.off {
			t.Errorf("%s: %v off by %v, want %v off by %v", test.what, got.Verdict, got.Off, test.verdict, test.off)
		}
	}
}

// A code that was used a while ago says nothing about the present one, which may be the same by chance.
func TestASpentCodeIsForgotten(t *testing.T) {
	now := time.Unix(1_800_000_015, 0)
	f := enroll.Flow{Step: enroll.StepCode, Spent: enroll.Spent{Code: secret.New("314159"), At: now.Add(-10 * time.Minute)}}
	if got := enroll.Diagnose(f, "314159", now); got.Verdict != enroll.Match {
		t.Errorf("verdict %v, want match", got.Verdict)
	}
}

func inScript(code string, zero rune) string {
	var out []rune
	for _, digit := range code {
		out = append(out, zero+digit-'0')
	}
	return string(out)
}

func FuzzReadCode(f *testing.F) {
	for _, seed := range []string{"123 456", "١٢٣٤٥٦", "１２３４５６", "12345\x00", "\xff", "1e5", "-12345"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := enroll.ReadCode(typed)
		if !ok {
			return
		}
		if len(code) != 6 {
			t.Fatalf("%q: code %q", typed, code)
		}
		for _, r := range code {
			if r < '0' || r > '9' {
				t.Fatalf("%q: code %q", typed, code)
			}
		}
	})
}

func BenchmarkDoctorNoMatch(b *testing.B) { // the dearest verdict: every clock that we know was tried
	f := enroll.Flow{Step: enroll.StepScan, Key: secret.New(key52), Earlier: []secret.Text{secret.New(earlierKey)}}
	now := time.Unix(1_800_000_015, 0)
	for b.Loop() {
		enroll.Diagnose(f, "000000", now)
	}
}
