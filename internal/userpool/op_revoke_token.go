package userpool

import "strings"

// revokeToken ends a refresh token and the access tokens made from it. The client authenticates with its secret in
// plain, not with a hash.
func revokeToken(c *call) (object, error) {
	cl := c.p.clients[c.input.text("ClientId")]
	if cl == nil || cl.secret != "" && !same(cl.secret, c.input.text("ClientSecret")) ||
		cl.secret == "" && c.input.has("ClientSecret") {
		return nil, unauthorized("Invalid client or client secret")
	}
	if !cl.revocation {
		return nil, unsupportedOperation("Token revocation is not enabled for the client")
	}
	return object{}, c.revoke(cl, c.input.text("Token"))
}

// revoke does it for the operation and for the OAuth endpoint.
func (c *call) revoke(cl *client, token string) error {
	g, _, found := c.p.openRefresh(token)
	switch {
	case found && g.client != cl:
		return unauthorized("The token was issued to another client")
	case found:
		g.revoked = true
	case strings.Count(token, ".") == 2:
		return unsupportedTokenType("Only refresh tokens can be revoked")
	}
	return nil // a token that nobody knows is as good as revoked
}
