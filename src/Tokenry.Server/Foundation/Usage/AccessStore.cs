using System.Data;
using System.Text;
using Dapper;
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

    /// <summary>Many rows a statement: an entry for every request is not to cost one each.</summary>
    public static async Task InsertAsync(WriteTransaction tx, IReadOnlyList<AccessRow> rows)
    {
        foreach (var chunk in rows.Chunk(RowsAStatement))
        {
            var values = new StringBuilder();
            var parameters = new DynamicParameters();
            for (var i = 0; i < chunk.Length; i++)
            {
                values.Append(i == 0 ? "(" : ", (");
                for (var column = 0; column < Members.Length; column++)
                {
                    var name = $"p{i * Members.Length + column}";
                    values.Append(column == 0 ? "@" : ", @").Append(name);
                    parameters.Add(name, Members[column].Value(chunk[i]), Members[column].Type);
                }

                values.Append(')');
            }

            await tx.ExecuteAsync($"INSERT INTO access_log ({Columns}) VALUES {values} ON CONFLICT DO NOTHING", parameters);
        }
    }

    private const int RowsAStatement = 50;

    /// <summary>In the order of <see cref="Columns"/>. Typed, since an engine cannot tell the type of a null.</summary>
    private static readonly (DbType Type, Func<AccessRow, object?> Value)[] Members =
    [
        (DbType.String, row => row.Id),
        (DbType.Int64, row => row.At),
        (DbType.String, row => row.Door),
        (DbType.String, row => row.CredentialId),
        (DbType.String, row => row.Kind),
        (DbType.String, row => row.Subject),
        (DbType.String, row => row.Api),
        (DbType.String, row => row.Scope),
        (DbType.String, row => row.Object),
        (DbType.String, row => row.Method),
        (DbType.String, row => row.Path),
        (DbType.String, row => row.Result),
        (DbType.String, row => row.Ip),
        (DbType.String, row => row.Agent),
        (DbType.String, row => row.RequestId),
        (DbType.String, row => row.TokenId),
    ];
}
