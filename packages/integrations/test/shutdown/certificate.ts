/** A certificate for the tests, and its key. Clients of the tests do not check it. */
export const certificate: { readonly cert: string; readonly key: string } = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUU/cnsBOj5bG8JZgPyyy27qMrxRwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzIyMDYyOVoYDzIxMjYxMTAz
MjIwNjI5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARVsggVSsMPoXvfifJzL83pibmkYOZrN/1GaqxICJIfgpAfQwCNjOO5
avUDQeHZ0dFcKQwY0EWWfVINjjs4mQkso1MwUTAdBgNVHQ4EFgQUJ7BR/bnm2K5r
CDVrS1K4vHGDIoswHwYDVR0jBBgwFoAUJ7BR/bnm2K5rCDVrS1K4vHGDIoswDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA2kfmCV5u+kXw5iwyxATF
KekxLwPNUcKT8n9qkk0YdcsCICvX+pTAJ05UIxCpMQmlbm64coYgglh0x1C2mwWq
leA4
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8wytqt/z8haJOqTM
XPuzqkM4BydvCI7AoJzGnECl5AahRANCAARVsggVSsMPoXvfifJzL83pibmkYOZr
N/1GaqxICJIfgpAfQwCNjOO5avUDQeHZ0dFcKQwY0EWWfVINjjs4mQks
-----END PRIVATE KEY-----`,
};
