using Tokenry.Protocol.Credentials;

namespace Tokenry.Server.Core.Sessions;

/// <summary>A session that began, with the value of its cookie.</summary>
/// <param name="Id">The public id.</param>
/// <param name="Cookie">The cookie's value.</param>
public sealed record NewSession(string Id, Secret Cookie);
