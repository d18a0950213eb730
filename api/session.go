package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// The session of a browser. It has the bearer of who opened it, and is good for the stream only.

// SessionCookie is the name of the cookie that lets a browser read the stream.
const SessionCookie = "omnia_session"

// sessionGoodFor tells what the cookie is good for: a browser's EventSource sends no headers.
func sessionGoodFor(c *gin.Context) bool {
	return c.Request.Method == http.MethodGet && c.FullPath() == "/v1/chat/events"
}

// openSession puts the bearer into a cookie that scripts can't read and other sites can't send.
func (s *server) openSession(c *call) error {
	who := c.who()
	if who == nil {
		return unauthenticated(c)
	}
	_, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	cookie := s.cookie(strings.TrimSpace(token), int(who.Expires.Sub(s.Now())/time.Second))
	if len(cookie.String()) > 4000 {
		return failure(c.lang, codeTokenTooLong)
	}
	http.SetCookie(c.Writer, cookie)
	return c.json(map[string]string{"expires_at": instantText(who.Expires)})
}

// closeSession takes the cookie away.
func (s *server) closeSession(c *call) error {
	http.SetCookie(c.Writer, s.cookie("", -1))
	c.Status(http.StatusNoContent)
	return nil
}

func (s *server) cookie(value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: SessionCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(s.PublicURL, "https:"),
	}
}
