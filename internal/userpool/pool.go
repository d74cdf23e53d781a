package userpool

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"math/big"
	"sync"
	"time"
)

// Pool is a Cognito-compatible service in memory. It starts with one user pool and two app clients, one without and
// one with a secret; CreateUserPool and CreateUserPoolClient add more. It is an http.Handler and safe for concurrent
// use.
type Pool struct {
	model     model
	region    string
	clock     func() time.Time
	onMessage func(Message)
	rand      io.Reader
	sealer    *sealer
	keys      *Keys
	accessKey string
	secretKey string

	mu       sync.Mutex // guards everything below
	offset   time.Duration
	switches Switches
	sizes    sizes
	pools    map[string]*userPool
	clients  map[string]*client
	first    *userPool // the one that Options describe
	public   *client
	secret   *client
	sessions map[handle]*session
	queue    []*session // in order of issue, for forgetting
	grants   map[string]*grant
	faults   map[string][]Fault
	requests []*Request
	listed   []InfoUser
	messages []Message
	custom   []CustomRound
	codes    map[string]*authCode // of /oauth2/authorize
	version  uint64               // counts the changes, for the state file
	file     stateFile
	quotas   map[category]quota
	limits   map[category]int
	endpoint string
}

// sizes are the swollen lengths that tests ask for.
type sizes struct {
	session int
	groups  int
}

// The lengths of a challenge session: as measured on the service, and the model's maximum.
const (
	usualSession = 1543
	minSession   = 120
	maxSession   = 2048
)

// New makes a service with one empty user pool.
func New(options Options) (*Pool, error) {
	shapes, err := loadModel()
	if err != nil {
		return nil, err
	}
	p := &Pool{
		model: shapes, region: options.Region, clock: options.Now, onMessage: options.OnMessage, rand: options.Rand, keys: options.Keys,
		accessKey: options.AccessKeyID, secretKey: options.SecretAccessKey, switches: options.Switches,
		sizes: sizes{session: usualSession, groups: options.TokenGroups},
		pools: map[string]*userPool{}, clients: map[string]*client{}, sessions: map[handle]*session{},
		grants: map[string]*grant{}, faults: map[string][]Fault{},
		codes: map[string]*authCode{}, quotas: map[category]quota{}, limits: maps.Clone(defaultQuotas),
	}
	if p.region == "" {
		p.region = "local-1"
	}
	if p.clock == nil {
		p.clock = time.Now //nolint:forbidigo // the default; tests bring their own
	}
	if p.rand == nil {
		p.rand = rand.Reader
	}
	if p.keys == nil {
		p.keys = NewKeys()
	}
	if options.SessionLength != 0 {
		if err := p.SetSessionLength(options.SessionLength); err != nil {
			return nil, err
		}
	}
	if err := p.makeSecrets(); err != nil {
		return nil, err
	}
	return p, p.makeFirst(options)
}

// makeSecrets makes what nobody chose: the sealing key and the IAM key pair.
func (p *Pool) makeSecrets() error {
	key, err := p.random(32)
	if err != nil {
		return err
	}
	if p.sealer, err = newSealer(key); err != nil {
		return err
	}
	if p.accessKey == "" {
		// Real key ids begin with AKIA; this one cannot be taken for one by a secret scanner or by a person.
		text, err := p.text(alphabetUpper, 12)
		if err != nil {
			return err
		}
		p.accessKey = "LOCALKEY" + text
	}
	if p.secretKey == "" {
		if p.secretKey, err = p.text(alphabetLower, 40); err != nil {
			return err
		}
	}
	return nil
}

// makeFirst makes the user pool and the two clients that Options describe.
func (p *Pool) makeFirst(options Options) error {
	mfa := options.MFA
	switch mfa {
	case "":
		mfa = MFAOn
	case MFAOn, MFAOptional, MFAOff:
	default:
		return fmt.Errorf("userpool: MFA %q is none of ON, OPTIONAL and OFF", mfa)
	}
	if mfa == MFAOn && options.TOTPOff && !options.SMS && !options.Email {
		return fmt.Errorf("userpool: MFA ON needs a factor: TOTP, SMS or e-mail")
	}
	validity := options.SessionValidity
	if validity == 0 {
		validity = 3 * time.Minute
	}
	if validity < 3*time.Minute || validity > 15*time.Minute || validity%time.Minute != 0 {
		return fmt.Errorf("userpool: session validity %v is not a whole number of minutes from 3 to 15", validity)
	}
	tokens := options.AccessTokenValidity
	if tokens == 0 {
		tokens = time.Hour
	}
	if tokens < 5*time.Minute || tokens > 24*time.Hour {
		return fmt.Errorf("userpool: access token validity %v is not from 5 minutes to a day", tokens)
	}
	policy := defaultPolicy()
	if options.PasswordPolicy != nil {
		policy = *options.PasswordPolicy
	}
	id, err := p.poolID()
	if err != nil {
		return err
	}
	p.first = newUserPool(id, "embedded", p.Now())
	p.first.mfa, p.first.totp, p.first.sms, p.first.email = mfa, !options.TOTPOff, options.SMS, options.Email
	p.first.policy, p.first.autoVerified = policy, []string{"email"}
	p.first.usernameAttributes, p.first.aliasAttributes = options.UsernameAttributes, options.AliasAttributes
	p.pools[id] = p.first
	for _, slot := range []**client{&p.public, &p.secret} {
		c, err := p.newClient(p.first, "embedded", slot == &p.secret, p.Now())
		if err != nil {
			return err
		}
		c.flows = allFlows()
		c.sessionValidity, c.accessValidity, c.idValidity = validity, tokens, tokens
		c.settings = object{
			"AccessTokenValidity": int(tokens / time.Second), "IdTokenValidity": int(tokens / time.Second),
			"TokenValidityUnits": object{"AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "days"},
		}
		c.preventExistence = options.PreventUserExistenceErrors
		if c.callbacks, c.logouts = options.CallbackURLs, options.LogoutURLs; len(c.callbacks) > 0 {
			c.oauth, c.oauthFlows, c.scopes = true, []string{"code"}, allScopes()
		}
		p.clients[c.id] = c
		*slot = c
	}
	return nil
}

// Now is the service's clock: the one from Options, moved by Advance.
func (p *Pool) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now()
}

func (p *Pool) now() time.Time { return p.clock().Add(p.offset) }

// Advance moves the clock.
func (p *Pool) Advance(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset += by
}

// SetSessionLength sets the length of the challenge sessions issued from now on.
func (p *Pool) SetSessionLength(length int) error {
	if length < minSession || length > maxSession {
		return fmt.Errorf("userpool: session length %d is not from %d to %d", length, minSession, maxSession)
	}
	if (length-len(sessionPrefix))%4 == 1 {
		return fmt.Errorf("userpool: session length %d: base64 cannot have it, take one more", length)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sizes.session = length
	return nil
}

// SetTokenGroups swells the tokens issued from now on by this many made-up groups.
func (p *Pool) SetTokenGroups(groups int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sizes.groups = groups
}

// SetSwitches replaces the switches.
func (p *Pool) SetSwitches(switches Switches) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.switches = switches
}

const (
	alphabetUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	alphabetLower = "abcdefghijklmnopqrstuvwxyz0123456789"
	alphabetMixed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	alphabetDigit = "0123456789"
)

func (p *Pool) random(length int) ([]byte, error) {
	bytes := make([]byte, length)
	if _, err := io.ReadFull(p.rand, bytes); err != nil {
		return nil, fmt.Errorf("userpool: random bytes: %w", err)
	}
	return bytes, nil
}

// text is length characters of alphabet, each as likely as the others.
func (p *Pool) text(alphabet string, length int) (string, error) {
	text := make([]byte, length)
	for i := range text {
		n, err := rand.Int(p.rand, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", fmt.Errorf("userpool: random text: %w", err)
		}
		text[i] = alphabet[n.Int64()]
	}
	return string(text), nil
}

// uuid is a random UUID (RFC 9562, version 4).
func (p *Pool) uuid() (string, error) {
	b, err := p.random(16)
	if err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

func (p *Pool) poolID() (string, error) {
	suffix, err := p.text(alphabetMixed, 9)
	return p.region + "_" + suffix, err
}
