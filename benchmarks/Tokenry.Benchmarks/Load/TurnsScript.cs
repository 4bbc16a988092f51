using System.Globalization;
using System.Text;

namespace Tokenry.Benchmarks.Load;

/// <summary>wrk's script for requests that take turns over and over.</summary>
internal static class TurnsScript
{
    public static string Of(IReadOnlyList<PlannedRequest> requests)
    {
        var lua = new StringBuilder("local planned = {}\nlocal turn = 0\ninit = function(args)\n");
        foreach (var request in requests)
        {
            var all = request.Headers.Append(KeyValuePair.Create("User-Agent", Wrk.Agent));
            var headers = string.Join(", ", all.Select(header => $"[{Quote(header.Key)}] = {Quote(header.Value)}"));
            lua.Append(
                CultureInfo.InvariantCulture,
                $"  planned[#planned + 1] = wrk.format({Quote(request.Method)}, {Quote(request.Path)}, {{{headers}}}, {Quote(request.Body)})\n"
            );
        }

        lua.Append(
            """
            end
            request = function()
              turn = turn % #planned + 1
              return planned[turn]
            end

            """
        );
        return lua.Append(Wrk.Done).ToString();
    }

    /// <summary>A Lua literal; escapes by number, so that nothing in a request can end the string.</summary>
    public static string Quote(string? text) =>
        text is null
            ? "nil"
            : "\""
                + string.Concat(
                    Encoding
                        .UTF8.GetBytes(text)
                        .Select(octet =>
                            octet is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\'
                                ? ((char)octet).ToString()
                                : string.Create(CultureInfo.InvariantCulture, $"\\{octet:000}")
                        )
                )
                + "\"";
}
