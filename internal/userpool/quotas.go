package userpool

import (
	"fmt"
	"time"
)

// category is a group of operations that share an allowance of requests per second.
type category string

const (
	categoryUserAuthentication category = "UserAuthentication"
	categoryChallengeResponse  category = "UserAuthentication challenge responses"
	categoryUserToken          category = "UserToken"
	categoryUserRead           category = "UserRead"
	categoryUserUpdate         category = "UserUpdate"
	categoryUserResourceRead   category = "UserResourceRead"
	categoryUserList           category = "UserList"
	categoryAccountRecovery    category = "UserAccountRecovery"
	categoryUserCreation       category = "UserCreation"
	categoryPoolRead           category = "UserPoolRead"
	categoryPoolUpdate         category = "UserPoolUpdate"
	categoryClientRead         category = "UserPoolClientRead"
	categoryClientUpdate       category = "UserPoolClientUpdate"
)

// defaultQuotas are the requests per second of each category (Cognito developer guide, "Quotas in Amazon Cognito").
var defaultQuotas = map[category]int{
	categoryUserAuthentication: 120, categoryChallengeResponse: 360, categoryUserToken: 120, categoryUserRead: 120,
	categoryUserUpdate: 25, categoryUserResourceRead: 50, categoryUserList: 30, categoryAccountRecovery: 30,
	categoryUserCreation: 50, categoryPoolRead: 15, categoryPoolUpdate: 15, categoryClientRead: 15, categoryClientUpdate: 15,
}

// SetQuotas changes the requests per second of some categories, by their names in the developer guide. They count
// while Switches.Quotas is on.
func (p *Pool) SetQuotas(quotas map[string]int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range quotas {
		if _, known := p.limits[category(name)]; !known {
			return fmt.Errorf("userpool: quota category %q is unknown", name)
		}
	}
	for name, limit := range quotas {
		p.limits[category(name)] = limit
	}
	return nil
}

// quota counts the calls of one category in one second.
type quota struct {
	second int64
	used   int
}

// takeQuota counts a call and refuses it when the second is full.
func (p *Pool) takeQuota(k category, now time.Time) *exception {
	q := p.quotas[k]
	if q.second != now.Unix() {
		q = quota{second: now.Unix()}
	}
	if limit, ok := p.limits[k]; ok && q.used >= limit {
		return tooManyRequests("Rate exceeded")
	}
	q.used++
	p.quotas[k] = q
	return nil
}
