package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The sentences of the front door that stands before every AWS service.
const (
	badKey       = "The security token included in the request is invalid."
	badSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

const (
	signingAlgorithm = "AWS4-HMAC-SHA256"
	signingService   = "cognito-idp"
)

// checkSignature verifies Signature Version 4 (AWS general reference, "Signing AWS API requests"). The age of the
// signature is not checked: callers sign by the wall clock, and this service's clock can be moved.
func (p *Pool) checkSignature(r *http.Request, body []byte) *exception {
	header := r.Header.Get("Authorization")
	if header == "" {
		return missingAuthenticationToken()
	}
	algorithm, rest, _ := strings.Cut(header, " ")
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	date := r.Header.Get("X-Amz-Date")
	if algorithm != signingAlgorithm || len(scope) != 5 || fields["SignedHeaders"] == "" || fields["Signature"] == "" || len(date) != 16 {
		return refuse("IncompleteSignatureException", "Authorization header requires existence of 'Credential', 'SignedHeaders' and 'Signature' parameters and an 'X-Amz-Date' header.")
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	switch {
	case !same(scope[0], p.accessKey):
		return refuse("UnrecognizedClientException", badKey)
	case scope[2] != p.region:
		return refuse("InvalidSignatureException", "Credential should be scoped to a valid region.")
	case scope[3] != signingService || scope[4] != "aws4_request" || scope[1] != date[:8]:
		return refuse("InvalidSignatureException", "Credential should be scoped to correct service: '"+signingService+"'.")
	case !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date"):
		return refuse("InvalidSignatureException", badSignature)
	}
	want := p.signature(scope, date, canonicalRequest(r, signed, body))
	if subtle.ConstantTimeCompare([]byte(want), []byte(fields["Signature"])) != 1 {
		return refuse("InvalidSignatureException", badSignature)
	}
	return nil
}

func canonicalRequest(r *http.Request, signed []string, body []byte) string {
	var text strings.Builder
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	path := (&url.URL{Path: r.URL.Path}).EscapedPath()
	text.WriteString(r.Method + "\n" + path + "\n" + query + "\n")
	for _, name := range signed {
		text.WriteString(name + ":" + signedHeader(r, name) + "\n")
	}
	sum := sha256.Sum256(body)
	text.WriteString("\n" + strings.Join(signed, ";") + "\n" + hex.EncodeToString(sum[:]))
	return text.String()
}

// signedHeader is a header as it was signed. Go keeps two of them elsewhere.
func signedHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := make([]string, 0, 1)
	for _, value := range r.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(value), " "))
	}
	return strings.Join(values, ",")
}

func (p *Pool) signature(scope []string, date, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + p.secretKey)
	for _, part := range scope[1:] {
		key = hmacSHA256(key, part)
	}
	toSign := signingAlgorithm + "\n" + date + "\n" + strings.Join(scope[1:], "/") + "\n" + hex.EncodeToString(sum[:])
	return hex.EncodeToString(hmacSHA256(key, toSign))
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
