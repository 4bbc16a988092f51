namespace Hub;

/// <summary>What the hub logs.</summary>
internal static partial class Words
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Device} reports {Degrees}")]
    public static partial void Reported(ILogger log, string device, decimal degrees);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Tokenry is away ({Reason}): tokens are taken as long as they last")]
    public static partial void Away(ILogger log, string reason);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Tokenry is back")]
    public static partial void Back(ILogger log);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "Token {TokenId} is refused from now on: {Code}")]
    public static partial void Refused(ILogger log, string tokenId, string code);
}
