package cognito

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cognito-enroll/internal/secret"
)

// adminScope is what an access token must carry for the calls of a set-up.
const adminScope = "aws.cognito.signin.user.admin"

// claims are what this portal reads of an access token.
type claims struct {
	Username string   `json:"username"`
	Scope    string   `json:"scope"`
	AuthTime int64    `json:"auth_time"`
	Expires  int64    `json:"exp"`
	Use      string   `json:"token_use"`
	Groups   []string `json:"cognito:groups"`
}

// readClaims reads an access token that the pool itself has just given us: whoever has it from elsewhere verifies its
// signature first.
func readClaims(token secret.Text) (claims, error) {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return claims{}, errors.New("access token is no JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims{}, errors.New("access token is no JWT")
	}
	var read claims
	if err := json.Unmarshal(payload, &read); err != nil {
		return claims{}, errors.New("access token has claims that cannot be read")
	}
	if read.Use != "access" {
		return claims{}, fmt.Errorf("token is for %q, not for access", exceptionForLog(read.Use))
	}
	return read, nil
}

// federated reports whether another identity provider signs the account in: Cognito puts such accounts into a group
// called after pool and provider, and never asks them for MFA.
func (c claims) federated(poolID string) bool {
	return slices.ContainsFunc(c.Groups, func(group string) bool {
		provider, found := strings.CutPrefix(group, poolID+"_")
		return found && strings.HasPrefix(strings.ToLower(c.Username), strings.ToLower(provider)+"_")
	})
}
