package userpool

import "fmt"

// Info is what somebody needs to use the service: where it is, its first pool and clients, and the demo accounts.
type Info struct {
	Endpoint           string     `json:"endpoint"`
	Region             string     `json:"region"`
	UserPoolID         string     `json:"userPoolId"`
	ClientID           string     `json:"clientId"`
	SecretClientID     string     `json:"secretClientId"`
	SecretClientSecret string     `json:"secretClientSecret"`
	AccessKeyID        string     `json:"accessKeyId"`
	SecretAccessKey    string     `json:"secretAccessKey"`
	Users              []InfoUser `json:"users"`
}

// InfoUser is a demo account.
type InfoUser struct {
	Username   string   `json:"username"`
	Password   string   `json:"password"`
	State      State    `json:"state"`
	TOTPSecret string   `json:"totpSecret"`
	Groups     []string `json:"groups,omitempty"`
}

// Info describes the service. It holds secrets: it is for a terminal, never for a log.
func (p *Pool) Info() Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Info{
		Endpoint: p.endpoint, Region: p.region, UserPoolID: p.first.id, ClientID: p.public.id,
		SecretClientID: p.secret.id, SecretClientSecret: p.secret.secret,
		AccessKeyID: p.accessKey, SecretAccessKey: p.secretKey, Users: append([]InfoUser{}, p.listed...),
	}
}

// SetEndpoint says where the service listens. The issuer of its tokens is there from now on.
func (p *Pool) SetEndpoint(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endpoint = url
}

// HelpDeskGroup is the group of the demo account that may help others.
const HelpDeskGroup = "help-desk"

// demoUsers are the accounts of Seed, one for each way into the portal.
var demoUsers = []User{
	{Username: "ada", State: StateNew, Attributes: demoAttributes("Ada", "ada")},
	{Username: "grace", State: StateTemporaryPassword, Attributes: demoAttributes("Grace", "grace")},
	{Username: "edsger", State: StateEnrolled, DeviceName: "Old phone", Attributes: demoAttributes("Edsger", "edsger")},
	{Username: "dana", State: StateEnrolled, DeviceName: "Work phone", Groups: []string{HelpDeskGroup}, Attributes: demoAttributes("Dana", "dana")},
}

func demoAttributes(name, user string) map[string]string {
	return map[string]string{"name": name, "email": user + "@example.test", "email_verified": "true"}
}

// Seed adds the demo accounts. Their passwords and keys are made up at every start; Info tells them.
func (p *Pool) Seed() error {
	for _, seed := range demoUsers {
		password, err := p.memorable()
		if err != nil {
			return err
		}
		seed.Password = password
		if seed.State == StateEnrolled {
			key, err := p.random(totpKeySize)
			if err != nil {
				return err
			}
			seed.TOTPSecret = totpText(key)
		}
		if err := p.AddUser(seed); err != nil {
			return err
		}
		p.mu.Lock()
		p.listed = append(p.listed, InfoUser{
			Username: seed.Username, Password: seed.Password, State: seed.State, TOTPSecret: seed.TOTPSecret, Groups: seed.Groups,
		})
		p.mu.Unlock()
	}
	return nil
}

// memorable makes a password like "Quiet-otter-4821": within the default policy and easy to type from a terminal.
func (p *Pool) memorable() (string, error) {
	pick, err := p.random(2)
	if err != nil {
		return "", err
	}
	number, err := p.text(alphabetDigit, 4)
	if err != nil {
		return "", err
	}
	// Both lists hold 32 words, a divisor of 256: every word is as likely as the others.
	return fmt.Sprintf("%s-%s-%s", demoAdjectives[int(pick[0])%len(demoAdjectives)], demoNouns[int(pick[1])%len(demoNouns)], number), nil
}

var demoAdjectives = [...]string{
	"Amber", "Brave", "Brisk", "Calm", "Clear", "Clever", "Coral", "Crisp", "Eager", "Early", "Fair", "Gentle",
	"Golden", "Happy", "Honest", "Jolly", "Keen", "Kind", "Lively", "Lucky", "Mellow", "Merry", "Misty", "Noble",
	"Proud", "Quick", "Quiet", "Silver", "Sunny", "Swift", "Warm", "Witty",
}

var demoNouns = [...]string{
	"badger", "beacon", "beaver", "bramble", "canyon", "cedar", "comet", "condor", "falcon", "fern", "fjord", "glacier",
	"harbor", "heron", "island", "lantern", "lynx", "maple", "meadow", "orchid", "otter", "pebble", "pine", "raven",
	"river", "robin", "salmon", "spruce", "thicket", "tulip", "walnut", "willow",
}
