using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Usage;

/// <summary>One entry of the access log as stored.</summary>
public sealed class AccessRow
{
    public string Id { get; init; } = "";

    public long At { get; init; }

    public string Door { get; init; } = "";

    public string? CredentialId { get; init; }

    public string? Kind { get; init; }

    public string? Subject { get; init; }

    public string? Api { get; init; }

    public string? Scope { get; init; }

    public string? Object { get; init; }

    public string? Method { get; init; }

    public string? Path { get; init; }

    public string Result { get; init; } = "";

    public string? Ip { get; init; }

    public string? Agent { get; init; }

    public string? RequestId { get; init; }

    public string? TokenId { get; init; }

    public string? Actor { get; init; }

    public string? GrantType { get; init; }

    public string? AuthMethod { get; init; }

    public string? BoundBy { get; init; }

    public AccessEntry ToEntry() =>
        new()
        {
            Id = Id,
            At = DateTimeOffset.FromUnixTimeMilliseconds(At),
            Door = Door,
            CredentialId = CredentialId,
            Kind = Kind,
            // An anonymous key has no subject, although its owner may see its uses.
            Subject = Kind == CredentialKind.AnonymousApiKey ? null : Subject,
            Api = Api,
            Scope = Scope,
            Object = Object,
            Method = Method,
            Path = Path,
            Result = Result,
            Ip = Ip,
            Agent = Agent,
            RequestId = RequestId,
            TokenId = TokenId,
            Actor = Actor,
            GrantType = GrantType,
            AuthMethod = AuthMethod,
            BoundBy = BoundBy,
        };
}

/// <summary>SQL of the access log.</summary>
public static class AccessStore
{
    public const string Columns =
        "id, at, door, credential_id, kind, subject, api, scope, object, method, path, result, ip, agent, request_id, token_id, auth_method, bound_by, actor, grant_type";

    private static readonly RowStatement<AccessRow> Statement = new RowStatement<AccessRow>(
        $"""
        INSERT INTO access_log ({Columns})
        VALUES (@1, @2, @3, @4, @5, @6, @7, @8, @9, @10, @11, @12, @13, @14, @15, @16, @17, @18, @19, @20) ON CONFLICT DO NOTHING
        """
    ).Text(row => row.Id).Number(row => row.At).Text(row => row.Door).Text(row => row.CredentialId).Text(row => row.Kind).Text(row => row.Subject).Text(row => row.Api).Text(row => row.Scope).Text(row => row.Object).Text(row => row.Method).Text(row => row.Path).Text(row => row.Result).Text(row => row.Ip).Text(row => row.Agent).Text(row => row.RequestId).Text(row => row.TokenId).Text(row => row.AuthMethod).Text(row => row.BoundBy).Text(row => row.Actor).Text(row => row.GrantType);

    /// <summary>Entries older than the operator keeps them.</summary>
    public static PurgeRule Purge(TimeSpan kept) =>
        new("DELETE FROM access_log WHERE id IN (SELECT id FROM access_log WHERE at < @before ORDER BY at LIMIT @step)", kept);

    /// <summary>An id lower than every id created at or after <paramref name="at"/>.</summary>
    public static string IdAt(DateTimeOffset at) =>
        PublicId.Create("acc", new UInt128((ulong)Math.Max(0, at.ToUnixTimeMilliseconds()) << 16, 0));

    public static Task InsertAsync(WriteTransaction tx, IReadOnlyList<AccessRow> rows) => tx.ExecuteEachAsync(Statement, rows);
}
