using Tokenry.Server.Foundation.Storage;

namespace Tokenry.Server.Foundation.Usage;

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
}

/// <summary>SQL of the access log.</summary>
public static class AccessStore
{
    public const string Columns =
        "id, at, door, credential_id, kind, subject, api, scope, object, method, path, result, ip, agent, request_id, token_id";

    /// <summary>Rows that are there already stay: a commit whose answer was lost is tried again.</summary>
    public static Task<int> InsertAsync(WriteTransaction tx, IReadOnlyList<AccessRow> rows) =>
        tx.ExecuteAsync(
            $"""
            INSERT INTO access_log ({Columns}) VALUES (@Id, @At, @Door, @CredentialId, @Kind, @Subject, @Api, @Scope, @Object, @Method, @Path,
              @Result, @Ip, @Agent, @RequestId, @TokenId) ON CONFLICT DO NOTHING
            """,
            rows
        );
}
