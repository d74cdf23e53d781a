package userpool

import (
	"slices"
	"time"
)

// take sets what CreateUserPoolClient or UpdateUserPoolClient say about a client. What they leave out goes back to its
// default. Everything is checked before anything changes.
func (cl *client) take(input object) error {
	next := *cl
	next.flows = input.texts("ExplicitAuthFlows")
	rotation := input.object("RefreshTokenRotation")
	next.rotation = rotation.text("Feature") == "ENABLED"
	next.rotationGrace = time.Duration(rotation.whole("RetryGracePeriodSeconds", 0)) * time.Second
	switch {
	case hasLegacy(next.flows) && hasModern(next.flows):
		return invalidParameter("Invalid ExplicitAuthFlows: flows with and without the prefix ALLOW_ cannot be mixed")
	case next.rotation && slices.Contains(next.flows, "ALLOW_REFRESH_TOKEN_AUTH"):
		return invalidParameter("ALLOW_REFRESH_TOKEN_AUTH cannot be enabled when refresh token rotation is enabled")
	case len(next.flows) == 0:
		next.flows = []string{"ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"}
		if !next.rotation {
			next.flows = append([]string{"ALLOW_REFRESH_TOKEN_AUTH"}, next.flows...)
		}
	}
	next.sessionValidity = time.Duration(input.whole("AuthSessionValidity", 3)) * time.Minute
	units := input.object("TokenValidityUnits")
	var err error
	if next.accessValidity, err = validity(input, units, "AccessToken", time.Hour, 5*time.Minute, 24*time.Hour); err != nil {
		return err
	}
	if next.idValidity, err = validity(input, units, "IdToken", time.Hour, 5*time.Minute, 24*time.Hour); err != nil {
		return err
	}
	if next.refreshValidity, err = validity(input, units, "RefreshToken", 24*time.Hour, time.Hour, 3650*24*time.Hour); err != nil {
		return err
	}
	next.preventExistence = input.text("PreventUserExistenceErrors") == "ENABLED"
	next.revocation = !input.has("EnableTokenRevocation") || input.truth("EnableTokenRevocation")
	next.callbacks, next.logouts = input.texts("CallbackURLs"), input.texts("LogoutURLs")
	next.oauthFlows, next.scopes = input.texts("AllowedOAuthFlows"), input.texts("AllowedOAuthScopes")
	next.oauth = input.truth("AllowedOAuthFlowsUserPoolClient")
	next.name = input.text("ClientName")
	next.settings = object{}
	for _, member := range []string{
		"AnalyticsConfiguration", "DefaultRedirectURI", "EnablePropagateAdditionalUserContextData", "ReadAttributes",
		"SupportedIdentityProviders", "WriteAttributes", "TokenValidityUnits", "AccessTokenValidity", "IdTokenValidity",
		"RefreshTokenValidity",
	} {
		if input.has(member) {
			next.settings[member] = input[member]
		}
	}
	*cl = next
	return nil
}

// validity reads how long one kind of token lives. The unit of each is its own; without a value the default is an
// hour, or thirty days for refresh tokens, for which 0 means the same.
func validity(input, units object, token string, unit, least, most time.Duration) (time.Duration, error) {
	value := input.whole(token+"Validity", 0)
	if value == 0 {
		if token == "RefreshToken" {
			return 30 * 24 * time.Hour, nil
		}
		return time.Hour, nil
	}
	switch units.text(token) {
	case "seconds":
		unit = time.Second
	case "minutes":
		unit = time.Minute
	case "hours":
		unit = time.Hour
	case "days":
		unit = 24 * time.Hour
	}
	if value > int(most/unit) || time.Duration(value)*unit < least {
		return 0, invalidParameter("Invalid range for token validity.")
	}
	return time.Duration(value) * unit, nil
}

// describe is a client as the operations show it, its secret in clear.
func (cl *client) describe() object {
	prevent := "LEGACY"
	if cl.preventExistence {
		prevent = "ENABLED"
	}
	output := object{
		"UserPoolId": cl.pool.id, "ClientId": cl.id, "ClientName": cl.name, "ExplicitAuthFlows": cl.flows,
		"AuthSessionValidity": int(cl.sessionValidity / time.Minute), "PreventUserExistenceErrors": prevent,
		"EnableTokenRevocation": cl.revocation, "AllowedOAuthFlowsUserPoolClient": cl.oauth,
		"RefreshTokenValidity": 30, "TokenValidityUnits": object{}, "CreationDate": epoch(cl.created), "LastModifiedDate": epoch(cl.modified),
	}
	for member, value := range cl.settings {
		output[member] = value
	}
	if cl.secret != "" {
		output["ClientSecret"] = cl.secret
	}
	if cl.rotation {
		output["RefreshTokenRotation"] = object{"Feature": "ENABLED", "RetryGracePeriodSeconds": int(cl.rotationGrace / time.Second)}
	}
	for member, list := range map[string][]string{
		"CallbackURLs": cl.callbacks, "LogoutURLs": cl.logouts, "AllowedOAuthFlows": cl.oauthFlows, "AllowedOAuthScopes": cl.scopes,
	} {
		if len(list) > 0 {
			output[member] = list
		}
	}
	return output
}

// poolClient finds the client that an admin operation names.
func (c *call) poolClient() (*client, error) {
	if _, err := c.userPool(); err != nil {
		return nil, err
	}
	return c.client(c.input.text("ClientId"))
}
