package main

// How the text of each setting becomes a value, and what is refused.

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/secret"
	"cognito-enroll/internal/session"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

func (c *config) setPublicURL(value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("want an origin such as https://mfa.example.com")
	}
	c.PublicURL = u
	return nil
}

// hostPattern is a host's name in small letters. A star needs two labels after it: *.com would be half the world.
var hostPattern = regexp.MustCompile(`^(\*\.([a-z0-9-]+\.)+)?([a-z0-9-]+\.)*[a-z0-9-]+$`) //nolint:gochecknoglobals // a constant

func (c *config) setOtherHosts(value string) error {
	for _, text := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \n\t", r) }) {
		host := strings.TrimSuffix(strings.ToLower(text), ".")
		if !hostPattern.MatchString(host) {
			return fmt.Errorf("%q: want the names of hosts without a port, such as proxy.example.com or *.proxy.example.com", text)
		}
		c.OtherHosts = append(c.OtherHosts, host)
	}
	return nil
}

func (c *config) setSessionKeys(value string) error {
	for i, text := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \n\t", r) }) {
		key, err := session.ParseKey(secret.New(text))
		if err != nil {
			return fmt.Errorf("key %d: %w: make one with \"portal keys\"", i+1, err)
		}
		c.SessionKeys = append(c.SessionKeys, key)
	}
	return nil
}

func (c *config) setReturns(value string) error {
	for entry := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		parts := strings.Split(entry, "|")
		if len(parts) != 3 {
			return fmt.Errorf("%q: want KEY|NAME|URL", entry)
		}
		place := web.Return{Key: strings.TrimSpace(parts[0]), Name: strings.TrimSpace(parts[1]), URL: strings.TrimSpace(parts[2])}
		u, err := url.Parse(place.URL)
		if err != nil || u.Host == "" || u.User != nil || strings.Contains(place.URL, "\\") ||
			(u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Host))) || place.Key == "" || place.Name == "" {
			return fmt.Errorf("%q: want a key, a name and an https URL", entry)
		}
		c.Returns = append(c.Returns, place)
	}
	return nil
}

// setAPIKeys reads NAME:HASH[:SCOPE+SCOPE[:RANK[:LINKS]]]. Keys without scopes are from before there were any: they hand users over.
func (c *config) setAPIKeys(value string) error {
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		parts := strings.Split(entry, ":")
		if len(parts) < 2 || len(parts) > 5 {
			return errors.New(wantAPIKey)
		}
		raw, err := hex.DecodeString(parts[1])
		if parts[0] == "" || err != nil || len(raw) != 32 {
			return errors.New(wantAPIKey)
		}
		scopes, rank := string(web.ScopeHandoffs), ""
		if len(parts) > 2 {
			scopes = parts[2]
		}
		if len(parts) > 3 {
			rank = parts[3]
		}
		links := ""
		if len(parts) > 4 {
			links = parts[4]
		}
		key := web.APIKey{Name: parts[0], Hash: [32]byte(raw)}
		if key.Scopes, key.Rank, err = readScopes(scopes, rank); err != nil {
			return fmt.Errorf("%s: %w", key.Name, err)
		}
		if key.Links, err = readLinks(links, key.Rank); err != nil {
			return fmt.Errorf("%s: %w", key.Name, err)
		}
		if slices.ContainsFunc(c.APIKeys, func(other web.APIKey) bool { return other.Name == key.Name }) {
			return fmt.Errorf("%s: there are two keys of this name", key.Name) // records could not tell them apart
		}
		c.APIKeys = append(c.APIKeys, key)
	}
	return nil
}

// maxKeyLinks is more links in an hour than any help desk makes.
const maxKeyLinks = 1000

// readLinks reads how many links a key may make in an hour; "" is the usual number.
func readLinks(text string, rank helpdesk.Rank) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxKeyLinks || rank == helpdesk.NoRank {
		return 0, fmt.Errorf("want 1 to %d links an hour, for a key of the help desk", maxKeyLinks)
	}
	return n, nil
}

const wantAPIKey = "want NAME:HASH, NAME:HASH:SCOPES, NAME:HASH:SCOPES:RANK or NAME:HASH:SCOPES:RANK:LINKS as \"portal api-key NAME\" prints it"

// readScopes reads what a key is for, and its rank at the help desk: agent unless said.
func readScopes(text, rankText string) ([]web.Scope, helpdesk.Rank, error) {
	var scopes []web.Scope
	for each := range strings.SplitSeq(text, "+") {
		if scope := web.Scope(each); slices.Contains(web.Scopes(), scope) && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
			continue
		}
		return nil, helpdesk.NoRank, fmt.Errorf("scopes %q: want any of handoffs, invites, coverage and ledger, with + between them", text)
	}
	if slices.Equal(scopes, []web.Scope{web.ScopeHandoffs}) && rankText == "" {
		return scopes, helpdesk.NoRank, nil
	}
	rank, known := helpdesk.ParseRank(cmp.Or(rankText, helpdesk.Agents.String()))
	switch {
	case !known:
		return nil, helpdesk.NoRank, fmt.Errorf("rank %q: want agent, lead or admin", rankText)
	case slices.Contains(scopes, web.ScopeLedger) && rank < helpdesk.Leads:
		return nil, helpdesk.NoRank, errors.New("the scope ledger tells names: it needs the rank lead")
	}
	return scopes, rank, nil
}

func (c *config) setDomain(value string) error {
	if value == "" {
		return nil
	}
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || (u.Scheme != "https" && !isLoopback(u.Host)) {
		return errors.New("want https://PREFIX.auth.REGION.amazoncognito.com, or your own domain")
	}
	c.Domain = strings.TrimRight(value, "/")
	return nil
}

// issuer is what the pool's tokens name as their issuer.
func (c config) issuer() string {
	endpoint := c.Endpoint
	if endpoint == "" {
		endpoint = "https://cognito-idp." + c.Region + ".amazonaws.com"
	}
	return strings.TrimRight(endpoint, "/") + "/" + c.UserPoolID
}

func (c *config) setPasswordPolicy(value string) error {
	c.PasswordPolicy = enroll.PasswordPolicy{MinLength: 8}
	for word := range strings.SplitSeq(value, ",") {
		switch word = strings.TrimSpace(word); word {
		case "upper":
			c.PasswordPolicy.Upper = true
		case "lower":
			c.PasswordPolicy.Lower = true
		case "number":
			c.PasswordPolicy.Number = true
		case "symbol":
			c.PasswordPolicy.Symbol = true
		default:
			length, err := strconv.Atoi(word)
			if err != nil || length < 6 || length > 99 { // the range that Cognito accepts
				return fmt.Errorf("%q: want a length from 6 to 99 and any of upper, lower, number, symbol, separated by commas", word)
			}
			c.PasswordPolicy.MinLength = length
		}
	}
	return nil
}

func (c *config) setEndpoint(value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Host))) {
		return errors.New("want an https URL, or http on loopback")
	}
	c.Endpoint = value
	return nil
}

func (c *config) setSessionValidity(value string) error {
	if minutes, err := strconv.Atoi(value); err == nil { // as Cognito writes it
		value = strconv.Itoa(minutes) + "m"
	}
	validity, err := time.ParseDuration(value)
	if err != nil || validity < 3*time.Minute || validity > 15*time.Minute {
		return fmt.Errorf("%q: want 3m to 15m, as the app client has it", value)
	}
	c.SessionValidity = validity
	return nil
}

func (c *config) setAdminListen(value string) error {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil { // a port alone
		host, port = "", value
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(number, 10) != port {
		return fmt.Errorf("%q: want a port such as 9090, or an address such as 127.0.0.1:9090", value)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	c.AdminListen = net.JoinHostPort(host, port)
	return nil
}

func (c *config) setTracesURL(value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("want a URL such as http://127.0.0.1:4318")
	}
	c.TracesURL = u.JoinPath("v1", "traces").String()
	return nil
}

func (c *config) setTracesHeaders(value string) error {
	c.TracesHeaders = map[string]string{}
	for pair := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, text, found := strings.Cut(pair, "=")
		text, err := url.PathUnescape(strings.TrimSpace(text))
		if !found || err != nil || strings.TrimSpace(name) == "" || strings.ContainsAny(text, "\r\n") {
			return errors.New("want NAME=value, separated by commas")
		}
		c.TracesHeaders[strings.TrimSpace(name)] = text
	}
	return nil
}

func (c *config) setDrainDelay(value string) error {
	delay, err := time.ParseDuration(value)
	if err != nil || delay < 0 || delay > 5*time.Minute {
		return fmt.Errorf("%q: want 0s to 5m", value)
	}
	c.DrainDelay = delay
	return nil
}

func (c *config) setTrustedProxies(value string) error {
	for _, text := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(", \n\t", r) }) {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || prefix.Bits() == 0 {
			return fmt.Errorf("%q: want the addresses of your proxies, such as 10.0.0.0/8,::1", text)
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return nil
}

// quota reads calls each second.
func quota(target *int, value string) error {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 2 || n > 100_000 {
		return fmt.Errorf("%q: want calls each second, 2 or more", value)
	}
	*target = n
	return nil
}

func (c *config) setDemoMFA(value string) error {
	var mfa string
	err := oneOf(&mfa, value, "on", "optional")
	c.DemoMFA = userpool.MFA(strings.ToUpper(mfa))
	return err
}

func (c *config) setAuthFlow(value string) error {
	var flow string
	err := oneOf(&flow, value, string(cognito.FlowAuto), string(cognito.FlowSRP), string(cognito.FlowPassword), string(cognito.FlowChoice))
	c.AuthFlow = cognito.AuthFlow(flow)
	return err
}

// oneOf takes a value that is one of a few words.
func oneOf(target *string, value string, words ...string) error {
	value = strings.ToLower(strings.TrimSpace(value))
	if !slices.Contains(words, value) {
		return fmt.Errorf("%q: want one of %s", value, strings.Join(words, ", "))
	}
	*target = value
	return nil
}

// isLoopback reports whether an address, with or without a port, is this machine's own.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

func yesNo(target *bool, value string) (err error) {
	if *target, err = strconv.ParseBool(value); err != nil {
		return fmt.Errorf("want true or false, not %q", value)
	}
	return nil
}
