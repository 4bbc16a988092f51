using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks;

/// <summary>One path of Tokenry, what it is held against, and what is asked of it.</summary>
public sealed record Comparison
{
    public required string Path { get; init; }

    public required string Title { get; init; }

    /// <summary>The echo that is the web server's part of the limit.</summary>
    public required string Echo { get; init; }

    /// <summary>The cryptography that no token of this kind can do without, in operations per second.</summary>
    public Func<CryptoLimits, double>? Cryptography { get; init; }

    /// <summary>The name of the limit.</summary>
    public required string LimitName { get; init; }

    /// <summary>The share of the limit that is asked for; zero: none.</summary>
    public double Goal { get; init; }

    public IReadOnlyList<Rival> Rivals { get; init; } = [];

    /// <summary>Whether a request is a durable write, whose price is the engine's own.</summary>
    public bool Writes { get; init; }

    /// <summary>Where the work compared is not the same.</summary>
    public string? Note { get; init; }

    /// <summary>Whether the picture shows it; the tables show every path.</summary>
    public bool IsPictured { get; init; }

    /// <summary>Requests per second of processor time that are possible: 1/(1/cryptography + 1/echo).</summary>
    public double Limit(double echo, CryptoLimits crypto) => Cryptography is null ? echo : 1 / (1 / Cryptography(crypto) + 1 / echo);

    public static bool IsPath(string name) => All.Any(comparison => comparison.Path == name);

    public static IReadOnlyList<Comparison> All { get; } =
    [
        new()
        {
            Path = TokenrySubject.TokenEs256,
            Title = "client_credentials, ES256",
            Echo = ChildServer.EchoForm,
            Cryptography = crypto => crypto.Es256Signs,
            LimitName = "ECDSA sign + form echo",
            Goal = 0.75,
            Rivals =
            [
                new(Peers.OidcProvider, TokenrySubject.TokenEs256, 5),
                new(Peers.OpenIddict, TokenrySubject.TokenEs256, 15),
                new(Peers.OpenIddictTuned, TokenrySubject.TokenEs256, 0),
                new(Peers.OpenIddictInMemory, TokenrySubject.TokenEs256, 15),
                new(Peers.OpenIddictInMemoryTuned, TokenrySubject.TokenEs256, 0),
            ],
            Note =
                "oidc-provider keeps everything in memory; no peer has audit, roles, usage or limits. OpenIddict as it comes hashes client secrets with PBKDF2 and records each token; tuned it does neither, so that its tokens cannot be revoked.",
            IsPictured = true,
        },
        new()
        {
            Path = TokenrySubject.TokenRs256,
            Title = "client_credentials, RS256",
            Echo = ChildServer.EchoForm,
            Cryptography = crypto => crypto.Rs256Signs,
            LimitName = "RSA sign + form echo",
            Goal = 0.8,
            Rivals = [new(Peers.OidcProvider, TokenrySubject.TokenRs256, 0)],
            Note = "Nearly all of it is the RSA signature, which nobody can make faster than the machine does.",
        },
        new()
        {
            Path = Ladder.PrivateKeyJwt,
            Title = "private_key_jwt",
            Echo = ChildServer.EchoForm,
            Cryptography = crypto => crypto.Es256Both(),
            LimitName = "ECDSA verify + sign + form echo",
            Goal = 0.45,
            Rivals = [new(Peers.OidcProvider, Ladder.PrivateKeyJwt, 3)],
            Writes = true,
            Note = "Each assertion is used up durably; the limit writes nothing. oidc-provider remembers assertions in memory.",
        },
        new()
        {
            Path = Ladder.Dpop,
            Title = "client secret and DPoP proof",
            Echo = ChildServer.EchoForm,
            Cryptography = crypto => crypto.Es256Both(),
            LimitName = "ECDSA verify + sign + form echo",
            Goal = 0.45,
            Rivals = [new(Peers.OidcProvider, Ladder.Dpop, 3)],
            Writes = true,
            Note =
                "Each proof is used up durably, and brings its key, which is remembered from the one before; the limit writes nothing. oidc-provider remembers proofs in memory.",
        },
        new()
        {
            Path = Ladder.Mtls,
            Title = "client certificate, bound token",
            Echo = ChildServer.EchoTls,
            Cryptography = crypto => crypto.Es256Signs,
            LimitName = "ECDSA sign + form echo over TLS",
            Goal = 0.45,
            Rivals = [new(Peers.OidcProvider, Ladder.Mtls, 3)],
            Note = "Connections are kept, so that no handshake is in it. The load is not wrk, which has no certificates.",
        },
        new()
        {
            Path = Ladder.TokenExchange,
            Title = "token exchange of an API key",
            Echo = ChildServer.EchoForm,
            Cryptography = crypto => crypto.Es256Signs,
            LimitName = "ECDSA sign + form echo",
            Note = "oidc-provider has no such grant.",
        },
        new()
        {
            Path = TokenrySubject.Verify,
            Title = "verify an API key",
            Echo = ChildServer.EchoJson,
            LimitName = "JSON echo",
            Goal = 0.75,
            Rivals =
            [
                new(Peers.OidcProvider, TokenrySubject.IntrospectOpaque, 4),
                new(Peers.BetterAuth, TokenrySubject.Verify, 15),
                new(Peers.BetterAuthInMemory, TokenrySubject.Verify, 0),
            ],
            Note =
                "oidc-provider has no API keys: held against its introspection, from memory. better-auth writes to its database at each verification.",
            IsPictured = true,
        },
        new()
        {
            Path = Ladder.VerifyJwt,
            Title = "verify a JWT",
            Echo = ChildServer.EchoJson,
            LimitName = "JSON echo",
            Rivals = [new(Peers.OidcProvider, TokenrySubject.IntrospectOpaque, 0), new(Peers.JwtBearer, ChildServer.ProtectedRoute, 0)],
            Note =
                "A hundred tokens, whose signatures were verified at their first use. oidc-provider introspects no JWTs: its opaque tokens instead. JwtBearer verifies the signature at each request, in the process of the API, and knows no revocation, rights or limits.",
            IsPictured = true,
        },
        new()
        {
            Path = Ladder.VerifySigned,
            Title = "verify a signed request",
            Echo = ChildServer.EchoJson,
            LimitName = "JSON echo",
            Writes = true,
            Note = "HMAC-SHA256 by an API key. Each nonce is used up durably; the echo writes nothing.",
        },
        new()
        {
            Path = TokenrySubject.IntrospectOpaque,
            Title = "introspect an opaque credential",
            Echo = ChildServer.EchoForm,
            LimitName = "form echo",
            Goal = 0.75,
            Rivals =
            [
                new(Peers.OidcProvider, TokenrySubject.IntrospectOpaque, 4),
                new(Peers.BetterAuth, TokenrySubject.Verify, 15),
                new(Peers.BetterAuthInMemory, TokenrySubject.Verify, 0),
            ],
            IsPictured = true,
        },
        new()
        {
            Path = TokenrySubject.IntrospectJwt,
            Title = "introspect a JWT",
            Echo = ChildServer.EchoForm,
            LimitName = "form echo",
            Goal = 0.75,
            Rivals =
            [
                new(Peers.OpenIddict, TokenrySubject.IntrospectJwt, 15),
                new(Peers.OpenIddictTuned, TokenrySubject.IntrospectJwt, 0),
                new(Peers.OpenIddictInMemoryFresh, TokenrySubject.IntrospectJwt, 15),
                new(Peers.OpenIddictInMemoryTuned, TokenrySubject.IntrospectJwt, 0),
            ],
            Note =
                "OpenIddict as it comes checks the caller's secret with PBKDF2 and reads the token's record; tuned it verifies the signature alone and would call a revoked token active.",
            IsPictured = true,
        },
        new()
        {
            Path = TokenrySubject.ForwardAuth,
            Title = "forward-auth",
            Echo = ChildServer.EchoGet,
            LimitName = "constant answer",
            Goal = 0.65,
            Rivals = [new(Peers.JwtBearer, ChildServer.ProtectedRoute, 0)],
            Note =
                "An API key, asked about by a proxy. JwtBearer answers the same GET for a JWT in the process of the API: it spares the proxy's question, verifies the signature at each request, and knows no revocation or limits.",
            IsPictured = true,
        },
        new()
        {
            Path = TokenrySubject.KeySet,
            Title = "JWKS",
            Echo = ChildServer.EchoGet,
            LimitName = "constant answer",
        },
        new()
        {
            Path = TokenrySubject.CreateApiKey,
            Title = "create an API key",
            Echo = ChildServer.EchoJson,
            LimitName = "JSON echo",
            Writes = true,
            Note = "A durable write with its audit entry; the echo writes nothing.",
        },
        new()
        {
            Path = TokenrySubject.Rotate,
            Title = "rotate an API key",
            Echo = ChildServer.EchoJson,
            LimitName = "JSON echo",
            Writes = true,
            Note = "A durable write with its audit entry; the echo writes nothing.",
        },
    ];
}
