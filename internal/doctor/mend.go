package doctor

import (
	"regexp"
	"strings"
)

// UpdateUserPoolClient and SetUserPoolMfaConfig put whatever they are not told back to its default. The commands below
// therefore read the settings, change one of them and write all back (API reference, UpdateUserPoolClient).

// clientCommand changes the app client by a jq filter.
func (e *examination) clientCommand(filter string) string {
	return "aws cognito-idp describe-user-pool-client --region " + quote(e.Region) + " --user-pool-id " + quote(e.UserPoolID) +
		" --client-id " + quote(e.ClientID) + " --query UserPoolClient --output json" +
		" | jq 'del(.ClientSecret, .CreationDate, .LastModifiedDate) | " + filter + "' > client.json" +
		" && aws cognito-idp update-user-pool-client --region " + quote(e.Region) + " --cli-input-json file://client.json"
}

// mfaCommand changes the pool's second factors by a jq filter.
func (e *examination) mfaCommand(filter string) string {
	return "aws cognito-idp get-user-pool-mfa-config --region " + quote(e.Region) + " --user-pool-id " + quote(e.UserPoolID) +
		" --output json | jq '" + filter + "' > mfa.json" +
		" && aws cognito-idp set-user-pool-mfa-config --region " + quote(e.Region) + " --user-pool-id " + quote(e.UserPoolID) +
		" --cli-input-json file://mfa.json"
}

var plain = regexp.MustCompile(`^[\w.-]+$`) //nolint:gochecknoglobals // immutable

// quote makes a setting one word of a shell command.
func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
