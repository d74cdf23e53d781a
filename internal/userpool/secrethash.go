package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// secretHash is SECRET_HASH: base64(HMAC-SHA-256(client secret, username ‖ client id)) (Cognito developer guide,
// "Computing secret hash values").
func (cl *client) secretHash(username string) string {
	mac := hmac.New(sha256.New, []byte(cl.secret))
	mac.Write([]byte(username + cl.id))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkHash refuses a hash that is missing, wrong, or sent to a client that has no secret.
func (cl *client) checkHash(hash, username string) *exception {
	switch {
	case cl.secret == "" && hash == "":
		return nil
	case cl.secret == "":
		return notAuthorized("Client " + cl.id + " does not have a secret, but SECRET_HASH was received")
	case hash == "":
		return notAuthorized("Client " + cl.id + " is configured with secret but SECRET_HASH was not received")
	case !same(hash, cl.secretHash(username)):
		return notAuthorized("Unable to verify secret hash for client " + cl.id)
	}
	return nil
}

// same compares two secret texts in a time that depends only on their lengths.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
