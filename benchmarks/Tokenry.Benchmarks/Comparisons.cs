using Tokenry.Benchmarks.Limits;
using Tokenry.Benchmarks.Subjects;

namespace Tokenry.Benchmarks;

/// <summary>What a peer serves that is held against one of our paths.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Path">The peer's.</param>
/// <param name="Goal">How many times as fast we mean to be; zero: no goal, for information.</param>
public sealed record Rival(Peers Peer, string Path, double Goal);

public enum Peers
{
    OidcProvider,
    BetterAuth,

    /// <summary>With its keys in memory, which its documentation calls secondary storage.</summary>
    BetterAuthInMemory,
}

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
            Goal = 0.6,
            Rivals = [new(Peers.OidcProvider, TokenrySubject.TokenEs256, 5)],
            Note = "oidc-provider keeps everything in memory and has no audit, roles, usage or limits.",
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
            Rivals = [new(Peers.OidcProvider, Ladder.PrivateKeyJwt, 5)],
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
            Rivals = [new(Peers.OidcProvider, Ladder.Dpop, 5)],
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
            Rivals = [new(Peers.OidcProvider, Ladder.Mtls, 0)],
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
            Goal = 0.5,
            Rivals =
            [
                new(Peers.OidcProvider, TokenrySubject.IntrospectOpaque, 4),
                new(Peers.BetterAuth, TokenrySubject.Verify, 30),
                new(Peers.BetterAuthInMemory, TokenrySubject.Verify, 0),
            ],
            Note =
                "oidc-provider has no API keys: held against its introspection, from memory. better-auth writes to its database at each verification.",
        },
        new()
        {
            Path = Ladder.VerifyJwt,
            Title = "verify a JWT",
            Echo = ChildServer.EchoJson,
            LimitName = "JSON echo",
            Rivals = [new(Peers.OidcProvider, TokenrySubject.IntrospectOpaque, 0)],
            Note =
                "A hundred tokens, whose signatures were verified at their first use. oidc-provider introspects no JWTs: its opaque tokens instead.",
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
            Goal = 0.5,
            Rivals =
            [
                new(Peers.OidcProvider, TokenrySubject.IntrospectOpaque, 4),
                new(Peers.BetterAuth, TokenrySubject.Verify, 30),
                new(Peers.BetterAuthInMemory, TokenrySubject.Verify, 0),
            ],
        },
        new()
        {
            Path = TokenrySubject.IntrospectJwt,
            Title = "introspect a JWT",
            Echo = ChildServer.EchoForm,
            LimitName = "form echo",
        },
        new()
        {
            Path = TokenrySubject.ForwardAuth,
            Title = "forward-auth",
            Echo = ChildServer.EchoGet,
            LimitName = "constant answer",
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
