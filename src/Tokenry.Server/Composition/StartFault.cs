using System.Text.Json;
using Npgsql;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Composition;

/// <summary>Describes a failed start to the operator: what is wrong and what to do. A stack trace says neither.</summary>
internal static class StartFault
{
    /// <summary>One sentence per fault; <c>null</c> if the fault is in this program and the operator needs the stack trace.</summary>
    public static IReadOnlyList<string>? Describe(Exception exception) =>
        exception switch
        {
            StartupException start => start.Faults,
            InvalidDataException settings => [DescribeSettings(settings)],
            StoreUnavailableException store => [$"The store cannot be used: {FirstLine(store.InnerException ?? store)}"],
            _ => null,
        };

    /// <summary>Why the database could not be opened.</summary>
    public static StartupException OfStore(string description, Exception exception) =>
        new(
            exception switch
            {
                PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } denied =>
                    $"{description} cannot be used: the role may not make tables there ({denied.MessageText}). Make the role the owner of the "
                        + "database: ALTER DATABASE … OWNER TO …;",
                PostgresException refused => $"{description} cannot be used: {refused.MessageText} (SQLSTATE {refused.SqlState}).",
                _ => $"{description} cannot be used: {FirstLine(exception.InnerException ?? exception)}",
            }
        );

    public static string FirstLine(Exception exception) => exception.Message.Split('\n', 2)[0].TrimEnd('\r');

    private static string DescribeSettings(InvalidDataException exception)
    {
        var file = exception.Message.Split('\'') is [_, var path, ..] ? path : "appsettings.json";
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is JsonException { LineNumber: { } line, BytePositionInLine: { } position } json)
            {
                var words = json.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0];
                return $"The settings file {file} is not valid JSON at line {line + 1}, character {position + 1}: {words}";
            }
        }

        return $"The settings file {file} cannot be read: {FirstLine(exception.GetBaseException())}";
    }
}
