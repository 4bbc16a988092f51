using System.Text.Json;
using Tokenry.Benchmarks.Load;
using Tokenry.Benchmarks.Measuring;
using Tokenry.Testing;

namespace Tokenry.Benchmarks.Subjects;

/// <summary>The load of the ways that are stronger than a bare secret, by the same hundred applications.</summary>
/// <param name="issuer">The server's address.</param>
/// <param name="tls">Its address for certificates.</param>
/// <param name="api">Where the tokens are for.</param>
/// <param name="made">The applications, each with a public key, and their API keys.</param>
/// <param name="clients">Their ids and secrets, in the same order.</param>
internal sealed class Ladder(string issuer, string tls, string api, Created made, IReadOnlyList<(string Id, string Secret)> clients)
{
    public const string PrivateKeyJwt = "private_key_jwt";
    public const string Dpop = "dpop";
    public const string Mtls = "mtls";
    public const string TokenExchange = "token_exchange";
    public const string VerifyJwt = "verify_jwt";
    public const string VerifySigned = "verify_signed";

    private const int SigningKeys = 100;

    public IReadOnlyList<PlannedRequest> PrivateKeyJwtRequests() =>
        [
            .. made.PublicKeys.Zip(
                clients,
                (registered, client) => TokenrySubject.TokenRequest(api, null).WithAssertion(registered.Key, client.Id, issuer)
            ),
        ];

    /// <summary>With the client secret, so that the proof is all that the path has more than the token of a secret alone.</summary>
    public IReadOnlyList<PlannedRequest> DpopRequests() =>
        [
            .. made.PublicKeys.Zip(
                clients,
                (registered, client) =>
                    (
                        TokenrySubject.TokenRequest(api, TokenrySubject.Basic(client)) with
                        {
                            Expected = "\"token_type\":\"DPoP\"",
                        }
                    ).WithProof(registered.Key, issuer + TokenrySubject.TokenPath)
            ),
        ];

    public async Task<IReadOnlyList<PlannedRequest>> MtlsRequestsAsync(ApiClient admin)
    {
        var requests = new List<PlannedRequest>();
        // Each connection is one client's.
        foreach (var client in clients.Take(Measurement.Connections))
        {
            using var certificate = TestAuthority.SelfSigned(new LeafOptions { Ends = TimeSpan.FromDays(1) });
            await admin.CreateCertificateAsync(client.Id, certificate);
            requests.Add(TokenrySubject.TokenRequest(api, null, ("client_id", client.Id)).WithCertificate(certificate, tls));
        }

        return requests;
    }

    /// <summary>Each client exchanges the keys of the application after it.</summary>
    public IReadOnlyList<PlannedRequest> TokenExchangeRequests()
    {
        var each = made.ApiKeys.Count / clients.Count;
        return
        [
            .. made.ApiKeys.Select(
                (key, i) =>
                {
                    (string, string)[] form =
                    [
                        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                        ("subject_token", key.Secret),
                        ("subject_token_type", "urn:tokenry:token-type:api_key"),
                        ("resource", api),
                        ("scope", TokenrySubject.Scope),
                    ];
                    var client = clients[(i / each + clients.Count - 1) % clients.Count];
                    return PlannedRequest.Post(
                        TokenrySubject.TokenPath,
                        TokenrySubject.Form,
                        TokenrySubject.Encoded(form),
                        TokenrySubject.Basic(client),
                        "issued_token_type"
                    );
                }
            ),
        ];
    }

    /// <summary>What an API asks about a request that it got, signed by an API key (RFC 9421), with a nonce of its own each time.</summary>
    public static async Task<IReadOnlyList<PlannedRequest>> VerifySignedRequestsAsync(ApiClient admin, string door)
    {
        var scenario = Scenario.On(admin).Role();
        for (var i = 0; i < SigningKeys; i++)
        {
            scenario.Application().ApiKey(_ => new { rate_limits = TokenrySubject.RateLimits, request_signing = "required" });
        }

        var made = await scenario.CreateAsync();
        var url = made.Api.Identifier + "/v1/invoices?dry_run=true";
        return
        [
            .. made.ApiKeys.Select(key =>
            {
                var signer = RequestSigner.Of(key);
                return new PlannedRequest
                {
                    Method = "POST",
                    Path = "/v1/verify",
                    Anew = () =>
                        PlannedRequest.Post(
                            "/v1/verify",
                            TokenrySubject.Json,
                            JsonSerializer.Serialize(
                                new
                                {
                                    api = made.Api.Identifier,
                                    scopes = new[] { TokenrySubject.Scope },
                                    method = "GET",
                                    proof = new { uri = url, headers = signer.Sign("GET", url) },
                                }
                            ),
                            door,
                            "\"valid\":true"
                        ),
                };
            }),
        ];
    }
}
