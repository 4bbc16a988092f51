using System.Data;
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

    private static readonly RowStatement<AccessRow> Statement = new(
        $"""
        INSERT INTO access_log ({Columns}) VALUES (@id, @at, @door, @credential, @kind, @subject, @api, @scope, @object, @method, @path,
          @result, @ip, @agent, @request, @token) ON CONFLICT DO NOTHING
        """,
        ("id", DbType.String, row => row.Id),
        ("at", DbType.Int64, row => row.At),
        ("door", DbType.String, row => row.Door),
        ("credential", DbType.String, row => row.CredentialId),
        ("kind", DbType.String, row => row.Kind),
        ("subject", DbType.String, row => row.Subject),
        ("api", DbType.String, row => row.Api),
        ("scope", DbType.String, row => row.Scope),
        ("object", DbType.String, row => row.Object),
        ("method", DbType.String, row => row.Method),
        ("path", DbType.String, row => row.Path),
        ("result", DbType.String, row => row.Result),
        ("ip", DbType.String, row => row.Ip),
        ("agent", DbType.String, row => row.Agent),
        ("request", DbType.String, row => row.RequestId),
        ("token", DbType.String, row => row.TokenId)
    );

    public static Task InsertAsync(WriteTransaction tx, IReadOnlyList<AccessRow> rows) => tx.ExecuteEachAsync(Statement, rows);
}
