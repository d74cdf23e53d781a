package userpool

import (
	"crypto/subtle"
	"encoding/base32"
	"math"
	"time"

	"cognito-enroll/internal/totp"
)

// Keys are 32 random bytes, 52 characters of base32 without padding.
const totpKeySize = 32

func totpText(key []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

// noStep is the answer of matchTOTP for a code that fits nowhere. It is before every real step.
const noStep = math.MinInt64

// matchTOTP answers the time step whose code this is: the present one or one on either side (Cognito developer guide,
// "TOTP software token MFA"). All three are computed whatever fits, and compared in constant time. Should one code
// belong to two steps, the newest counts, so that it cannot be used twice.
func matchTOTP(key []byte, code string, now time.Time) int64 {
	found := int64(noStep)
	present := totp.Step(now)
	for step := present - 1; step <= present+1; step++ {
		if subtle.ConstantTimeCompare([]byte(totp.Code(key, step)), []byte(code)) == 1 {
			found = step
		}
	}
	return found
}
