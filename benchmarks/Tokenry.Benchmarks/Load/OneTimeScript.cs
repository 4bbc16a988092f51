using System.Globalization;
using System.Text;

namespace Tokenry.Benchmarks.Load;

/// <summary>
/// wrk's script for requests that are good once. They are read from a file as they are sent, so that neither memory nor the start of wrk grows with
/// their number. None is sent twice: when there are no more, the slice ends and what was missing counts as errors.
/// </summary>
internal static class OneTimeScript
{
    public static string Of(string file) =>
        $$"""
            local planned = io.open({{TurnsScript.Quote(file)}}, 'rb')
            request = function()
              local length = planned:read('*l')
              if length then
                return planned:read(tonumber(length))
              end
              missed = (missed or 0) + 1
              wrk.thread:stop()
              return wrk.format('GET', '/no-request-left')
            end

            """ + Wrk.Done;

    /// <summary>Makes that many of them, in turn: each a line with its length, then itself.</summary>
    public static async Task WriteRequestsAsync(string file, IReadOnlyList<PlannedRequest> requests, string authority, int count)
    {
        await using var stream = File.Create(file, bufferSize: 1 << 20);
        for (var i = 0; i < count; i++)
        {
            var bytes = requests[i % requests.Count].Anew!().ToBytes(authority);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bytes.Length}\n")));
            await stream.WriteAsync(bytes);
        }
    }
}
