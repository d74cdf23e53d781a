package userpool

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// serveWeb answers everything that is not the protocol: the OAuth endpoints, and what each pool publishes at its
// issuer.
func (p *Pool) serveWeb(w http.ResponseWriter, r *http.Request) {
	handlers := map[string]http.HandlerFunc{
		"GET /oauth2/authorize": p.serveAuthorize, "POST /oauth2/authorize": p.serveAuthorize,
		"POST /oauth2/token": p.serveToken, "GET /oauth2/userInfo": p.serveUserInfo, "POST /oauth2/userInfo": p.serveUserInfo,
		"POST /oauth2/revoke": p.serveRevoke, "GET /logout": p.serveLogout,
	}
	if handler := handlers[r.Method+" "+r.URL.Path]; handler != nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		handler(w, r)
		return
	}
	poolID, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	p.mu.Lock()
	up := p.pools[poolID]
	p.mu.Unlock()
	switch {
	case up != nil && r.Method == http.MethodGet && path == ".well-known/jwks.json":
		p.serveKeys(w)
	case up != nil && r.Method == http.MethodGet && path == ".well-known/openid-configuration":
		p.serveConfiguration(w, r, up)
	default:
		http.NotFound(w, r)
	}
}

// serveKeys publishes both keys: one signs access tokens, the other ID tokens.
func (p *Pool) serveKeys(w http.ResponseWriter) {
	access, accessErr := p.keys.access()
	id, idErr := p.keys.id()
	if err := errors.Join(accessErr, idErr); err != nil {
		writeJSON(w, http.StatusInternalServerError, object{"message": "Internal error"})
		return
	}
	writeJSON(w, http.StatusOK, object{"keys": []object{id.jwk(), access.jwk()}})
}

// serveConfiguration is the OpenID Connect discovery document.
func (p *Pool) serveConfiguration(w http.ResponseWriter, r *http.Request, up *userPool) {
	p.mu.Lock()
	issuer, base := p.issuer(up), p.endpoint
	p.mu.Unlock()
	if base == "" {
		base = "http://" + r.Host
	}
	writeJSON(w, http.StatusOK, object{
		"issuer": issuer, "jwks_uri": issuer + "/.well-known/jwks.json",
		"authorization_endpoint": base + "/oauth2/authorize", "token_endpoint": base + "/oauth2/token",
		"userinfo_endpoint": base + "/oauth2/userInfo", "revocation_endpoint": base + "/oauth2/revoke", "end_session_endpoint": base + "/logout",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "scopes_supported": []string{"openid", "email", "phone", "profile"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have gone
}

// writeOAuthError answers an error in OAuth's form (RFC 6749 section 5.2).
func writeOAuthError(w http.ResponseWriter, err error) {
	fault, ok := errors.AsType[*oauthError](err)
	if !ok {
		fault = &oauthError{"server_error", http.StatusInternalServerError}
	}
	if fault.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="userpool"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, fault.status, object{"error": fault.name})
}
