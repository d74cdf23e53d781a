package userpool

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// snapshot is the state file. Users, clients and pools are named by their ids.
type snapshot struct {
	Region    string          `json:"region"`
	First     string          `json:"first"`
	Public    string          `json:"public"`
	Secret    string          `json:"secret"`
	AccessKey string          `json:"accessKey"`
	SecretKey string          `json:"secretKey"`
	Sealing   []byte          `json:"sealing"`
	Signing   [2][]byte       `json:"signing"` // PKCS #8: access, ID
	Offset    time.Duration   `json:"offset"`
	Listed    []InfoUser      `json:"listed"`
	Pools     []savedPool     `json:"pools"`
	Clients   []savedClient   `json:"clients"`
	Grants    []savedGrant    `json:"grants"`
	Sessions  []savedSession  `json:"sessions"`
	Codes     []savedAuthCode `json:"codes"`
	Messages  []Message       `json:"messages"`
}

type savedPool struct {
	ID, Name                                           string
	Created, Modified                                  time.Time
	MFA                                                MFA
	TOTP, SMS, Email, Fold, AdminOnly, Devices, Prompt bool
	Policy                                             PasswordPolicy
	Username, Alias, Auto, Required                    []string
	Settings                                           object
	Groups                                             []savedGroup
	Users                                              []savedUser
}

type savedGroup struct {
	Name, Description, Role string
	Precedence              int
	Created, Modified       time.Time
}

type savedUser struct {
	Name, Sub, Status string
	Disabled          bool
	Created, Modified time.Time
	Attributes        [][2]string
	Password          savedPassword
	Key, Pending      []byte
	Device            string
	PendingFailures   int
	LastStep          int64
	Enabled           []factor
	Preferred         factor
	Groups            []string
	Failures          int
	LastFailure       time.Time
	Codes             map[purpose]savedCode
	Attempts          map[string][]time.Time
	Devices           []savedDevice
}

type savedPassword struct {
	Set, Temporary bool
	Inner          [32]byte
	Since          time.Time
	Former         [][32]byte
	Salt           []byte
}

type savedCode struct {
	Code, Attribute string
	Expires         time.Time
}

type savedDevice struct {
	Key, Group, Name      string
	Confirmed, Remembered bool
	Salt                  []byte
	Verifier              *big.Int
	Created, Used         time.Time
}

type savedClient struct {
	Pool, ID, Name, Secret                        string
	Created, Modified                             time.Time
	Flows                                         []string
	Session, Access, Identity, Refresh, Grace     time.Duration
	Prevent, Revocation, Rotation, OAuth          bool
	Callbacks, Logouts, OAuthFlows, AllowedScopes []string
	Settings                                      object
}

type savedSignIn struct {
	Client, Nonce, DeviceKey   string
	Scopes                     []string
	By                         caller
	Custom, OAuth              bool
	Redirect, State, Challenge string
}

type savedGrant struct {
	ID, Event, Client, Sub, Nonce, DeviceKey string
	Scopes                                   []string
	AuthTime, Expires, Rotated               time.Time
	Revoked                                  bool
	Generation                               int
}

type savedSession struct {
	Handle          handle
	Client, Sub     string
	Challenge       string
	Stage           setupStage
	Fate            fate
	Expires         time.Time
	Pending         []byte
	PendingFailures int
	SignIn          savedSignIn
	Offered         []factor
	Code, Proves    string
	Round, Tries    int
	Current         bool // the user's live set-up
}

type savedAuthCode struct {
	Code, Sub   string
	SignIn      savedSignIn
	At, Expires time.Time
}

func marshalKey(key func() (*signingKey, error)) ([]byte, error) {
	k, err := key()
	if err != nil {
		return nil, err
	}
	content, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("userpool: signing key: %w", err)
	}
	return content, nil
}

func unmarshalKey(content []byte) (func() (*signingKey, error), error) {
	parsed, err := x509.ParsePKCS8PrivateKey(content)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("signing key: not RSA")
	}
	k, err := newSigningKey(private)
	if err != nil {
		return nil, err
	}
	return func() (*signingKey, error) { return k, nil }, nil
}
