package userpool

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// adminScope is the scope that every operation authorized by an access token needs. Sign-in through the API always
// grants it, and only it.
const adminScope = "aws.cognito.signin.user.admin"

// grant is what one sign-in granted: a refresh token, and the access and ID tokens made from it. They all carry its
// id as origin_jti, and die with it.
type grant struct {
	id         string // origin_jti
	event      string
	client     *client
	user       *user
	scopes     []string
	nonce      string
	authTime   time.Time
	expires    time.Time // of the refresh token
	revoked    bool
	deviceKey  string
	generation int       // of the refresh token, where it rotates
	rotated    time.Time // when the present generation was made
	checked    [32]byte  // SHA-256 of the access token whose signature was found right last
}

// accessClaims are the claims of an access token, in the order in which Cognito writes them.
type accessClaims struct {
	Sub       string   `json:"sub"`
	Groups    []string `json:"cognito:groups,omitempty"`
	DeviceKey string   `json:"device_key,omitempty"`
	Issuer    string   `json:"iss"`
	ClientID  string   `json:"client_id"`
	Origin    string   `json:"origin_jti"`
	Event     string   `json:"event_id"`
	Use       string   `json:"token_use"`
	Scope     string   `json:"scope"`
	AuthTime  int64    `json:"auth_time"`
	Expires   int64    `json:"exp"`
	Issued    int64    `json:"iat"`
	ID        string   `json:"jti"`
	Username  string   `json:"username"`
}

// newGrant records a sign-in. Grants whose refresh token has expired are forgotten now and then.
func (c *call) newGrant(s signIn, u *user) (*grant, error) {
	id, err := c.p.uuid()
	if err != nil {
		return nil, err
	}
	event, err := c.p.uuid()
	if err != nil {
		return nil, err
	}
	scopes := s.scopes
	if scopes == nil {
		scopes = []string{adminScope}
	}
	g := &grant{
		id: id, event: event, client: s.client, user: u, scopes: scopes, nonce: s.nonce, deviceKey: s.deviceKey,
		authTime: c.now, expires: c.now.Add(s.client.refreshValidity), rotated: c.now,
	}
	for _, old := range c.p.grants {
		if !c.now.Before(old.expires) {
			delete(c.p.grants, old.id)
		}
		break // one look at one of them for every new one is enough to keep the number steady
	}
	c.p.grants[id] = g
	return g, nil
}

// tokens answers an AuthenticationResult. The signatures are made after the lock is released.
func (c *call) tokens(g *grant, withRefresh bool) (object, error) {
	result := object{"TokenType": "Bearer", "ExpiresIn": int64(g.client.accessValidity / time.Second)}
	if err := c.accessToken(g, result, "AccessToken"); err != nil {
		return nil, err
	}
	if err := c.idToken(g, result, "IdToken"); err != nil {
		return nil, err
	}
	if withRefresh {
		refresh, err := c.p.refreshToken(g)
		if err != nil {
			return nil, err
		}
		result["RefreshToken"] = refresh
	}
	return result, nil
}

func (c *call) accessToken(g *grant, into object, member string) error {
	id, err := c.p.uuid()
	if err != nil {
		return err
	}
	c.sign(into, member, c.p.keys.access, accessClaims{
		Sub: g.user.sub, Groups: c.p.tokenGroups(g.user), DeviceKey: g.deviceKey, Issuer: c.p.issuer(g.client.pool),
		ClientID: g.client.id, Origin: g.id, Event: g.event, Use: "access", Scope: strings.Join(g.scopes, " "),
		AuthTime: g.authTime.Unix(), Issued: c.now.Unix(), Expires: c.now.Add(g.client.accessValidity).Unix(),
		ID: id, Username: g.user.name,
	})
	return nil
}

func (c *call) idToken(g *grant, into object, member string) error {
	id, err := c.p.uuid()
	if err != nil {
		return err
	}
	claims := object{
		"sub": g.user.sub, "iss": c.p.issuer(g.client.pool), "aud": g.client.id, "token_use": "id",
		"cognito:username": g.user.name, "origin_jti": g.id, "event_id": g.event, "jti": id,
		"auth_time": g.authTime.Unix(), "iat": c.now.Unix(), "exp": c.now.Add(g.client.idValidity).Unix(),
	}
	if groups := c.p.tokenGroups(g.user); len(groups) > 0 {
		claims["cognito:groups"] = groups
	}
	if roles, preferred := g.user.roles(); len(roles) > 0 {
		claims["cognito:roles"] = roles
		if preferred != "" {
			claims["cognito:preferred_role"] = preferred
		}
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	for _, a := range g.user.attributes {
		switch {
		case a.name == "sub":
		case strings.HasSuffix(a.name, "_verified"):
			claims[a.name] = a.value == "true"
		default:
			claims[a.name] = a.value
		}
	}
	c.sign(into, member, c.p.keys.id, claims)
	return nil
}

func (p *Pool) tokenGroups(u *user) []string {
	if p.sizes.groups == 0 {
		return u.groups
	}
	groups := slices.Clone(u.groups)
	for i := range p.sizes.groups {
		groups = append(groups, "made-up-group-of-some-length-"+strconv.Itoa(100+i))
	}
	return groups
}

// issuer is the iss of a pool's tokens. It is a name under .invalid (RFC 6761), so nobody takes it for AWS, unless
// the service listens somewhere: then it is that address, where the JWKS is.
func (p *Pool) issuer(up *userPool) string {
	if p.endpoint != "" {
		return p.endpoint + "/" + up.id
	}
	return "https://cognito-idp." + p.region + ".invalid/" + up.id
}

// Refresh tokens look like Cognito's: a JWE in five parts, about 1,700 characters, opaque to everybody else.
const (
	refreshHeader  = `{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}`
	refreshKeySize = 256
	refreshSize    = 950
)

// refreshToken seals the grant's id and the generation.
func (p *Pool) refreshToken(g *grant) (string, error) {
	random, err := p.random(12 + refreshKeySize)
	if err != nil {
		return "", err
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(refreshHeader)) + "." + strict.EncodeToString(random[12:])
	content := make([]byte, refreshSize)
	copy(content, g.id+"/"+strconv.Itoa(g.generation))
	sealed := p.sealer.seal(random[:12:12], content, head)
	body, tag := sealed[12:len(sealed)-16], sealed[len(sealed)-16:]
	return head + "." + strict.EncodeToString(sealed[:12]) + "." + strict.EncodeToString(body) + "." + strict.EncodeToString(tag), nil
}

// openRefresh finds the grant of a refresh token, whatever its state, and the token's generation.
func (p *Pool) openRefresh(text string) (*grant, int, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 5 {
		return nil, 0, false
	}
	var sealed []byte
	for _, part := range parts[2:] {
		bytes, err := strict.DecodeString(part)
		if err != nil {
			return nil, 0, false
		}
		sealed = append(sealed, bytes...)
	}
	content, ok := p.sealer.open(sealed, parts[0]+"."+parts[1])
	if !ok {
		return nil, 0, false
	}
	id, generation, _ := strings.Cut(strings.TrimRight(string(content), "\x00"), "/")
	number, err := strconv.Atoi(generation)
	g := p.grants[id]
	return g, number, err == nil && g != nil
}

// access checks an access token, signature first, and answers its grant.
func (c *call) access(text string) (*grant, error) {
	g, claims, err := c.accessGrant(text)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(strings.Fields(claims.Scope), adminScope) {
		return nil, notAuthorized("Access Token does not have required scopes")
	}
	return g, nil
}

// checks reports whether the signature after the last dot is right. The RSA check of one token is done once: the hash
// of the whole token, signature included, is remembered in its grant.
func (g *grant) checks(key *signingKey, text string, last int) bool {
	sum := sha256.Sum256([]byte(text))
	if g != nil && subtle.ConstantTimeCompare(sum[:], g.checked[:]) == 1 {
		return true
	}
	signature, err := strict.DecodeString(text[last+1:])
	if err != nil || !key.verify(text[:last], signature) {
		return false
	}
	if g != nil {
		g.checked = sum
	}
	return true
}

// accessGrant checks everything about an access token but its scope.
func (c *call) accessGrant(text string) (*grant, accessClaims, error) {
	invalid := notAuthorized(badAccessToken)
	var claims accessClaims
	last := strings.LastIndexByte(text, '.')
	if last < 0 {
		return nil, claims, invalid
	}
	header, payload, ok := strings.Cut(text[:last], ".")
	if !ok {
		return nil, claims, invalid
	}
	key, err := c.p.keys.access()
	if err != nil {
		return nil, claims, err
	}
	content, err := strict.DecodeString(payload)
	if err != nil || header != key.header || json.Unmarshal(content, &claims) != nil || claims.Use != "access" {
		return nil, claims, invalid
	}
	g := c.p.grants[claims.Origin]
	if !g.checks(key, text, last) {
		return nil, claims, invalid
	}
	if c.now.Unix() >= claims.Expires {
		return nil, claims, notAuthorized("Access Token has expired")
	}
	switch {
	case g == nil && c.p.clients[claims.ClientID] == nil:
		return nil, claims, invalid // signed by a key shared with another service, or of a deleted client
	case g == nil || g.revoked:
		return nil, claims, notAuthorized("Access Token has been revoked")
	case g.user.gone:
		return nil, claims, userNotFound(noSuchUser)
	case g.user.disabled:
		return nil, claims, notAuthorized(userDisabled)
	}
	return g, claims, nil
}
